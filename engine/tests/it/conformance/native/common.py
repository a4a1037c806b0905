"""What record.py and compare.py share: posting a request, and taking from an answer what changes from run to run."""
import http.client
import json
import re
import urllib.parse

INSTANT = r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SEGMENT = re.compile(rf"^(.+_{INSTANT}_{INSTANT})_{INSTANT}(_\d+)?$")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HOST = re.compile(r"\b(?:localhost|127\.0\.0\.1)(?::\d+)?")
MESSAGE = 160


class Server:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.address, self.path = parts.netloc, parts.path.rstrip("/") + "/druid/v2"
        self.connection = None

    def post(self, request):
        """The status and the JSON value answered (text, when it is no JSON)."""
        body = json.dumps(request, ensure_ascii=False).encode()
        for last in (False, True):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.address, timeout=60)
                self.connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                break
            except (OSError, http.client.HTTPException) as error:
                self.connection = None
                if last or isinstance(error, TimeoutError):
                    raise
        try:
            value = json.loads(text)
        except ValueError:
            value = {"errorMessage": text, "error": "answer is no JSON"} if answer.status >= 400 else {"noJson": text}
        return answer.status, value


def normalise(value, request):
    """Version times of segment ids become V; sizes other than 0 in segment metadata become "SIZE"."""
    sizes = isinstance(request, dict) and request.get("queryType") == "segmentMetadata"

    def walk(node, key=None):
        if isinstance(node, dict):
            return {k: walk(v, k) for k, v in node.items()}
        if isinstance(node, list):
            return [walk(v, key) for v in node]
        if isinstance(node, str):
            if key in ("segmentId", "id", "segment"):
                return UUID.sub("ID", SEGMENT.sub(lambda m: f"{m[1]}_V{m[2] or ''}", node))
            return node
        if sizes and key == "size" and isinstance(node, (int, float)) and node:
            return "SIZE"
        return node

    return walk(value)


def error_of(value):
    """The parts of an error's body that clients read; of the message the beginning."""
    if not isinstance(value, dict):
        value = {"errorMessage": json.dumps(value)}
    kept = {k: value[k] for k in ("error", "errorCode", "category", "persona") if k in value}
    message = value.get("errorMessage")
    if isinstance(message, str):
        message = HOST.sub("HOST", UUID.sub("ID", message))
        kept["errorMessage"] = message if len(message) <= MESSAGE else message[:MESSAGE] + "..."
    elif "errorMessage" in value:
        kept["errorMessage"] = None
    return kept


def ask(server, request):
    status, value = server.post(request)
    return status, error_of(value) if status >= 400 else normalise(value, request)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    lines = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", lines)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[\n{lines}\n]\n")
