// Calls every tool with the arguments on stdin and prints what came back; the SDK validates each
// answer against the schema that the list has given it.
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(0, "utf8"));
const headers = { Authorization: `Bearer ${token}` };
const client = new Client({ name: "onecgw-tests", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
const answers = {};
for (const { name } of tools) {
  try {
    const result = await client.callTool({ name, arguments: calls[name] });
    answers[name] = {
      error: result.isError ? result.content[0].text : "",
      text: result.content[0].text,
      rows: result.structuredContent?.rows ?? null,
      notice: result.structuredContent?.notice ?? "",
    };
  } catch (error) {
    answers[name] = { error: String(error) };
  }
}
console.log(JSON.stringify(answers));
await client.close();
