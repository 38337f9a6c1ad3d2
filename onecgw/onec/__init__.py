"""The room that talks to 1C: headers, sessions, licences, deadlines, failures, cached answers."""
