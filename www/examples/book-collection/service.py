"""The book collection as a Python service. With a file as its argument, the books outlive it."""

import asyncio
import json
import os
import sys
import traceback
from urllib.parse import parse_qs

import nats

FIRST = [("Animal Farm", "George Orwell"), ("Brave New World", "Aldous Huxley"), ("Coraline", "Neil Gaiman")]


class ResError(Exception):
    """An error as a client gets it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Library:
    """The books, and what clients may do with them. Events that tell of a change are collected until it is made."""

    def __init__(self, file=None):
        self.file = file
        self.events = []
        if file and os.path.exists(file):
            with open(file, encoding="utf-8") as stored:
                books = json.load(stored)
        else:
            books = [{"id": id, "title": title, "author": author} for id, (title, author) in enumerate(FIRST, 1)]
        self.books = {book["id"]: book for book in books}
        self.last_id = max(self.books, default=0)

    def routes(self):
        return {
            "access.library.books": lambda _request, _subject: {"result": {"get": True, "call": "new,delete"}},
            "access.library.book.*": lambda _request, _subject: {"result": {"get": True, "call": "set"}},
            "get.library.books": self.get_books,
            "get.library.book.*": lambda _request, subject: {"result": {"model": self.book(subject)}},
            "call.library.books.new": self.new,
            "call.library.books.delete": self.delete,
            "call.library.book.*.set": self.set,
        }

    def get_books(self, request, _subject):
        references = [{"rid": rid(id)} for id in self.books]
        if not request.get("query"):
            return {"result": {"collection": references}}
        start, limit = page(request["query"])
        # The query in its normal form: clients that write it in another way share one resource.
        return {"result": {"collection": references[start : start + limit], "query": f"start={start}&limit={limit}"}}

    def new(self, request, _subject):
        title, author = text(request, "title"), text(request, "author")
        self.last_id += 1
        id = self.last_id
        self.books[id] = {"id": id, "title": title, "author": author}
        self.save()
        self.emit("library.books", "add", {"idx": len(self.books) - 1, "value": {"rid": rid(id)}})
        self.pages_changed()
        return {"resource": {"rid": rid(id)}}

    def delete(self, request, _subject):
        id = params(request).get("id")
        if type(id) is not int:
            raise ResError("system.invalidParams", "id must be the number of a book")
        if id not in self.books:
            raise ResError("system.notFound", "Not found")
        idx = list(self.books).index(id)
        del self.books[id]
        self.save()
        self.emit("library.books", "remove", {"idx": idx})
        self.pages_changed()
        self.emit(rid(id), "delete")
        return {"result": None}

    def set(self, request, subject):
        book = self.book(subject)
        values = {name: text(request, name) for name in ("title", "author") if name in params(request)}
        if values:
            book.update(values)
            self.save()
            self.emit(rid(book["id"]), "change", {"values": values})
        return {"result": None}

    def book(self, subject):
        id = subject.split(".")[3]
        if not id.isdecimal() or int(id) not in self.books:
            raise ResError("system.notFound", "Not found")
        return self.books[int(id)]

    def pages_changed(self):
        """Any page may be another now: the gateway asks for each that somebody looks at, as it asked for it first."""
        self.emit("library.books", "query", {"subject": "get.library.books"})

    def emit(self, rid, event, data=None):
        self.events.append((f"event.{rid}.{event}", b"" if data is None else json.dumps(data).encode()))

    def save(self):
        if self.file:
            # Into a file of its own first: one that is half written would be no books at all.
            with open(self.file + ".new", "w", encoding="utf-8") as stored:
                json.dump(list(self.books.values()), stored)
            os.replace(self.file + ".new", self.file)


def rid(id):
    return f"library.book.{id}"


def page(query):
    given = {name: values[-1] for name, values in parse_qs(query).items()}
    try:
        start, limit = int(given.get("start", 0)), int(given.get("limit", 10))
    except ValueError:
        start = limit = -1
    if start < 0 or not 1 <= limit <= 100:
        raise ResError("system.invalidQuery", "start is at least 0, limit from 1 to 100")
    return start, limit


def params(request):
    given = request.get("params")
    return given if isinstance(given, dict) else {}


def text(request, name):
    given = params(request).get(name)
    if not isinstance(given, str) or not given.strip():
        raise ResError("system.invalidParams", f"{name} must be a text that is not empty")
    return given.strip()


async def serve(connection, library):
    # One request at a time, up to its answer: else an answer could be made before a change and sent after its event.
    turn = asyncio.Lock()

    def answering(handler):
        async def answer(message):
            async with turn:
                try:
                    response = handler(json.loads(message.data), message.subject)
                except ResError as error:
                    response = {"error": {"code": error.code, "message": str(error)}}
                except Exception:
                    # The client is told no more than that: what went wrong is for whoever runs the service.
                    traceback.print_exc()
                    response = {"error": {"code": "system.internalError", "message": "Internal error"}}
                events, library.events = library.events, []
                for subject, payload in events:
                    await connection.publish(subject, payload)
                await message.respond(json.dumps(response).encode())

        return answer

    for subject, handler in library.routes().items():
        await connection.subscribe(subject, cb=answering(handler))


async def main():
    async def reset():
        # The service is there (again): whoever has something of it fetches it anew.
        await connection.publish("system.reset", json.dumps({"resources": ["library.>"], "access": ["library.>"]}).encode())

    url = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
    connection = await nats.connect(url, reconnected_cb=reset, max_reconnect_attempts=-1)
    await serve(connection, Library(*sys.argv[1:2]))
    await reset()
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
