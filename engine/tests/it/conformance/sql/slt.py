"""Records of the .slt files of this directory, and how to ask a server for their answers. Python's standard library only."""
import json
import re
import urllib.error
import urllib.request


class Record:
    """One record: `head` (comment lines), `kind` (query | error), `sort`, `name`, `sql`, `expected` (lines)."""

    def __init__(self):
        self.features, self.context, self.parameters, self.request = [], None, None, None
        self.recorded, self.types, self.notes, self.here = True, None, [], None
        self.kind, self.sort, self.name, self.sql, self.expected = "query", False, "", "", []

    def text(self):
        out = ["# feature: " + f for f in self.features]
        out += ["# note: " + n for n in self.notes]
        for key, value in (("context", self.context), ("parameters", self.parameters), ("request", self.request)):
            if value is not None:
                out.append("# %s: %s" % (key, json.dumps(value, separators=(",", ":"), ensure_ascii=False)))
        if not self.recorded:
            out.append("# recorded: no")
        if self.here:
            out.append("# here: " + self.here)
        if self.kind == "query" and self.types is not None:
            out.append("# types: " + self.types)
        if self.kind == "error":
            out.append("statement error " + self.name)
        else:
            out.append("query J %s%s" % ("rowsort " if self.sort else "", self.name))
        return "\n".join(out + [self.sql, "----"] + self.expected) + "\n"


def parse(text, path="?"):
    """The preamble (comment lines before the first blank line, if no record begins there) and the records of a file."""
    lines = text.split("\n")
    at, preamble, records = 0, [], []
    if lines and lines[0].startswith("## "):
        while at < len(lines) and lines[at].startswith("## "):
            preamble.append(lines[at])
            at += 1
    record = Record()
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip():
            continue
        if line.startswith("#"):
            key, _, value = line[1:].strip().partition(":")
            value = value.strip()
            if key == "feature":
                record.features.append(value)
            elif key == "note":
                record.notes.append(value)
            elif key in ("context", "parameters", "request"):
                setattr(record, key, json.loads(value))
            elif key == "recorded":
                record.recorded = value != "no"
            elif key == "here":
                record.here = value
            elif key == "types":
                record.types = value
            else:
                raise SystemExit("%s: unknown head line %r" % (path, line))
            continue
        words = line.split()
        if words[:2] == ["statement", "error"] and len(words) == 3:
            record.kind = "error"
        elif words[:2] == ["query", "J"] and len(words) in (3, 4):
            record.sort = "rowsort" in words[2:-1]
        else:
            raise SystemExit("%s: cannot read %r" % (path, line))
        record.name = words[-1]
        sql = []
        while lines[at] != "----":
            sql.append(lines[at])
            at += 1
        at += 1
        record.sql = "\n".join(sql)
        while at < len(lines) and lines[at] != "":
            record.expected.append(lines[at])
            at += 1
        records.append(record)
        record = Record()
    return preamble, records


def dump(preamble, records):
    text = "\n".join(r.text() for r in records)
    return ("\n".join(preamble) + "\n\n" if preamble else "") + text


def plain(message):
    """An error message without what differs from run to run or from machine to machine."""
    message = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", message)
    return re.sub(r"https?://[^\]\s]*", "<url>", message)[:160]


ERROR_KEYS = ("error", "errorCode", "category", "persona", "errorClass", "errorMessage")


class Answer:
    """What a server said: `rows` (raw lines) with `types` and `names`, or `error` (a dict with the status)."""

    def __init__(self, rows=None, types=None, names=None, error=None):
        self.rows, self.types, self.names, self.error = rows, types, names, error


def post(url, body, timeout):
    request = urllib.request.Request(url.rstrip("/") + "/druid/v2/sql", json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def ask(url, record, timeout=60):
    body = {"query": record.sql, "resultFormat": "arrayLines"}
    if record.request is None:
        body.update(header=True, typesHeader=True, sqlTypesHeader=True)
    else:
        body.update(record.request)
    if record.context is not None:
        body["context"] = record.context
    if record.parameters is not None:
        body["parameters"] = record.parameters
    try:
        status, text = post(url, body, timeout)
    except Exception as error:  # a connection that broke, a time-out
        return Answer(error={"status": 0, "errorMessage": str(error)[:160]})
    if status in (502, 503) or status == 500 and not text.strip():  # a server that starts or stops
        return Answer(error={"status": 0, "errorMessage": "status %d %s" % (status, text[:100])})
    if status != 200:
        error = {"status": status}
        try:
            said = json.loads(text)
            for key in ERROR_KEYS:
                if said.get(key) is not None:
                    error[key] = said[key]
            if "errorMessage" in error:
                error["errorMessage"] = plain(error["errorMessage"])
        except (ValueError, AttributeError):
            error["errorMessage"] = "not JSON: " + " ".join(text.split())[:150]
        return Answer(error=error)
    if record.request is not None:
        return Answer(rows=text.rstrip("\n").split("\n") if text.strip() else [])
    if not text.endswith("\n\n"):
        return Answer(error={"status": 200, "truncated": True})
    lines = text[:-2].split("\n")
    return Answer(rows=lines[3:], names=json.loads(lines[0]), types=",".join(json.loads(lines[2])))
