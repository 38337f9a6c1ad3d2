"""What several tests start from: gateways, servers, clients, requests and answers."""
