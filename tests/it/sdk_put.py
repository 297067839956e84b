"""Signs in, lists the assistants, reads a Copilot and writes it back as it was read, by the official SDK.

The question is JSON on stdin: url, client_id, client_secret, assistant. The answer is JSON on stdout.
"""

import importlib.metadata
import json
import sys
from urllib.parse import parse_qs, urlsplit

import PureCloudPlatformClientV2 as sdk

asked = json.load(sys.stdin)
client = sdk.api_client.ApiClient(host=asked["url"])
client.get_client_credentials_token(asked["client_id"], asked["client_secret"])

assistants = sdk.AgentAssistantsApi(client)
listed, cursor = [], {}
while cursor is not None:
    page = assistants.get_assistants(page_size="2", expand="copilot", **cursor)
    listed += [[it.name, it.copilot is not None] for it in page.entities]
    after = parse_qs(urlsplit(page.next_uri or "").query).get("after")
    cursor = {"after": after[0]} if after else None

copilots = sdk.AgentCopilotApi(client)
got = copilots.get_assistant_copilot(asked["assistant"])
put = copilots.put_assistant_copilot(asked["assistant"], got)
json.dump(
    {
        "version": importlib.metadata.version("PureCloudPlatformClientV2"),
        "assistants": listed,
        "rules": [len(it.rule_engine_config.rules) for it in (got, put)],
    },
    sys.stdout,
)
