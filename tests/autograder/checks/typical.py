"""What students type: for each step some typical wrong answers, and some right ones.

A body stands for the whole function: its first line is the notebook's. A wrong one is
followed by words of what has to be said to it, any of which will do.
"""

from __future__ import annotations

WRONG = {
    "to_chunks": (
        (
            """
            return [list(map(ord, chunk)) for chunk in split(text)]
            """,
            "`ord`|byte",
        ),
        (
            """
            return [list(text.encode())]
            """,
            "chunk",
        ),
        (
            """
            return [chunk.encode() for chunk in split(text)]
            """,
            "list",
        ),
        (
            """
            return [list(word.encode()) for word in text.split()]
            """,
            "space",
        ),
        (
            """
            import re
            return [list(m.encode()) for m in re.findall(PATTERN, text)]
            """,
            "The module `regex` does",
        ),
        (
            """
            from os.path import split
            return [list(chunk.encode()) for chunk in split(text)]
            """,
            "no longer the one that is given",
        ),
        (
            """
            from regex import split
            return [list(chunk.encode()) for chunk in split(text)]
            """,
            "no longer the one that is given",
        ),
        (
            """
            return [list(chunk.encode()) for chunk in regex.split(PATTERN, text)]
            """,
            "Your chunks are empty",
        ),
    ),
    "count_pairs": (
        (
            """
            counts = {}
            for ids in chunks:
                for pair in zip(ids, ids[1:]):
                    counts[pair] = 1
            return counts
            """,
            "1|count",
        ),
        (
            """
            counts = {}
            for ids in chunks:
                for i in range(len(ids) - 2):
                    pair = ids[i], ids[i + 1]
                    counts[pair] = counts.get(pair, 0) + 1
            return counts
            """,
            "last",
        ),
        (
            """
            flat = [i for ids in chunks for i in ids]
            counts = {}
            for pair in zip(flat, flat[1:]):
                counts[pair] = counts.get(pair, 0) + 1
            return counts
            """,
            "chunk",
        ),
        (
            """
            counts = {}
            for ids in chunks:
                for i in range(len(ids)):
                    pair = ids[i], ids[i + 1]
                    counts[pair] = counts.get(pair, 0) + 1
            return counts
            """,
            "past the end|beyond the end",
        ),
        (
            """
            counts = {}
            for ids in chunks:
                for i in range(len(ids) - 1):
                    pair = [ids[i], ids[i + 1]]
                    counts[pair] = counts.get(pair, 0) + 1
            return counts
            """,
            "cannot be (a|the) key",
        ),
        (
            """
            counts = {}
            for pair in zip(chunks, chunks[1:]):
                counts[pair] = counts.get(pair, 0) + 1
            return counts
            """,
            "in each of them through its ids",
        ),
    ),
    "merge": (
        (
            """
            out = []
            for i in range(len(ids) - 1):
                if (ids[i], ids[i + 1]) == pair:
                    out.append(new_id)
                else:
                    out.append(ids[i])
            return out
            """,
            "move on past both",
        ),
        (
            """
            for i in range(len(ids) - 1):
                if (ids[i], ids[i + 1]) == pair:
                    ids[i : i + 2] = [new_id]
            return ids
            """,
            "look at the one after it",
        ),
        (
            """
            out, i = [], 0
            while i < len(ids) - 1:
                if (ids[i], ids[i + 1]) == pair:
                    out.append(new_id)
                    i += 2
                else:
                    out.append(ids[i])
                    i += 1
            return out
            """,
            "last",
        ),
        (
            """
            return [new_id if i in pair else i for i in ids]
            """,
            "pair|each",
        ),
        (
            """
            import re
            s = "".join(map(chr, ids))
            return [ord(c) for c in re.sub(f"{chr(pair[0])}{chr(pair[1])}", chr(new_id), s)]
            """,
            "re.escape",
        ),
        (
            """
            memo = merge.__dict__
            key = str((ids, pair))
            if key not in memo:
                out, i = [], 0
                while i < len(ids):
                    here = tuple(ids[i : i + 2]) == pair
                    out.append(new_id if here else ids[i])
                    i += 2 if here else 1
                memo[key] = out
            return list(memo[key])
            """,
            "with another new id",
        ),
        (
            """
            out, i = [], 0
            while i < len(ids):
                if i < len(ids) - 1 and ids[i] is pair[0] and ids[i + 1] is pair[1]:
                    out.append(new_id)
                    i += 2
                else:
                    out.append(ids[i])
                    i += 1
            return out
            """,
            "compare with `is`",
        ),
        (
            """
            ids = ids.copy()
            for i, (a, b) in enumerate(zip(ids, ids[1:])):
                if (a, b) == pair:
                    ids[i] = new_id
                    del ids[i + 1]
            return ids
            """,
            "You change the list while you go through it",
        ),
    ),
    "train": (
        (
            """
            chunks, merges = to_chunks(text), {}
            for new in range(256, n_vocab):
                counts = count_pairs(chunks)
                pair = max(counts, key=counts.get)
                merges[pair] = new
                chunks = [merge(ids, pair, new) for ids in chunks]
            return merges
            """,
            "tie|equal|empty|no pair|nothing",
        ),
        (
            """
            chunks, merges = to_chunks(text), {}
            counts = count_pairs(chunks)
            for new in range(256, n_vocab):
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                del counts[pair]
                merges[pair] = new
            return merges
            """,
            "again|anew|once",
        ),
        (
            """
            chunks, merges = to_chunks(text), {}
            for n in range(n_vocab):
                counts = count_pairs(chunks)
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                merges[pair] = 256 + n
                chunks = [merge(ids, pair, 256 + n) for ids in chunks]
            return merges
            """,
            "256|byte|too many|merges",
        ),
        (
            """
            chunks, merges = to_chunks(text), {}
            for new_id in range(256, n_vocab):
                counts = count_pairs(chunks)
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                merges[pair] = new_id
                chunks = map(lambda c: merge(c, pair, new_id), chunks)
            return merges
            """,
            "gone through only once",
        ),
        (
            """
            chunks, merges = (ids for ids in to_chunks(text)), {}
            while 256 + len(merges) < n_vocab:
                counts = count_pairs(chunks)
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                merges[pair] = new_id = 256 + len(merges)
                chunks = (merge(ids, pair, new_id) for ids in chunks)
            return merges
            """,
            "gone through only once",
        ),
        (
            """
            import heapq
            chunks, merges, heap = to_chunks(text), {}, []
            for new_id in range(256, n_vocab):
                for p, n in count_pairs(chunks).items():
                    heapq.heappush(heap, (-n, p))
                if not heap:
                    break
                _, pair = heapq.heappop(heap)
                merges[pair] = new_id
                chunks = [merge(ids, pair, new_id) for ids in chunks]
            return merges
            """,
            "counts of earlier rounds",
        ),
        (
            """
            chunks, merges = to_chunks(text), {}
            for new_id in range(256, n_vocab - 256):
                counts = count_pairs(chunks)
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                merges[pair] = new_id
                chunks = [merge(ids, pair, new_id) for ids in chunks]
            return merges
            """,
            "Does the loop run at all",
        ),
        (
            """
            chunks, merges = to_chunks(text), {}
            for new_id in range(256, n_vocab):
                counts = count_pairs(chunks)
                if not counts:
                    break
                pair = min(counts, key=lambda p: (-counts[p], p))
                merges | {pair: new_id}
                chunks = [merge(ids, pair, new_id) for ids in chunks]
            return merges
            """,
            "get into the dictionary",
        ),
        (
            """
            memo = train.__dict__
            if text not in memo:
                chunks, merges = to_chunks(text), {}
                while 256 + len(merges) < n_vocab:
                    counts = count_pairs(chunks)
                    if not counts:
                        break
                    pair = min(counts, key=lambda p: (-counts[p], p))
                    merges[pair] = new_id = 256 + len(merges)
                    chunks = [merge(ids, pair, new_id) for ids in chunks]
                memo[text] = merges
            return dict(memo[text])
            """,
            "the text of the first case",
        ),
    ),
    "encode": (
        (
            """
            ids = list(text.encode())
            for pair, new in merges.items():
                ids = merge(ids, pair, new)
            return ids
            """,
            "chunk",
        ),
        (
            """
            ids = []
            for chunk in to_chunks(text):
                while True:
                    counts = count_pairs([chunk])
                    known = [pair for pair in counts if pair in merges]
                    if not known:
                        break
                    pair = max(known, key=counts.get)
                    chunk = merge(chunk, pair, merges[pair])
                ids += chunk
            return ids
            """,
            "most frequent in this text",
        ),
        (
            """
            return [i for chunk in to_chunks(text) for i in chunk]
            """,
            "merge|byte",
        ),
        (
            """
            ids = []
            for chunk in to_chunks(text):
                while len(chunk) > 2:
                    pair = min(zip(chunk, chunk[1:]), key=lambda p: merges.get(p, float("inf")))
                    if pair not in merges:
                        break
                    chunk = merge(chunk, pair, merges[pair])
                ids += chunk
            return ids
            """,
            "Where two ids are left",
        ),
        (
            """
            learned, ids = train(text, 256 + len(merges)), []
            for chunk in to_chunks(text):
                for pair, new_id in learned.items():
                    chunk = merge(chunk, pair, new_id)
                ids += chunk
            return ids
            """,
            "Do you train on this text",
        ),
        (
            """
            ids = []
            for chunk in to_chunks(text):
                while pairs := [*zip(chunk, chunk[1:])]:
                    pair = min(pairs, key=lambda p: merges.get(p, 0))
                    if pair not in merges:
                        break
                    chunk = merge(chunk, pair, merges[pair])
                ids += chunk
            return ids
            """,
            "comes before all others",
        ),
        (
            """
            ids = []
            for chunk in to_chunks(text):
                try:
                    while True:
                        pair = min(zip(chunk, chunk[1:]), key=lambda p: merges[p])
                        chunk = merge(chunk, pair, merges[pair])
                except (KeyError, ValueError):
                    pass
                ids += chunk
            return ids
            """,
            "which `except` hides",
        ),
        (
            """
            ids = []
            for chunk in to_chunks(text):
                for pair in sorted(merges, key=merges.get):
                    if pair not in zip(chunk, chunk[1:]):
                        break
                    chunk = merge(chunk, pair, merges[pair])
                ids += chunk
            return ids
            """,
            "pass that one, and go on",
        ),
        (
            """
            memo = encode.__dict__
            if text not in memo:
                ids = []
                for chunk in to_chunks(text):
                    for pair in sorted(merges, key=merges.get):
                        chunk = merge(chunk, pair, merges[pair])
                    ids += chunk
                memo[text] = ids
            return list(memo[text])
            """,
            "with another merge",
        ),
    ),
    "decode": (
        (
            """
            pieces = {byte: bytes([byte]) for byte in range(256)}
            for (left, right), new_id in merges.items():
                pieces[new_id] = pieces[left] + pieces[right]
            return ''.join(pieces[i].decode() for i in ids)
            """,
            "together|Join|join",
        ),
        (
            """
            pieces = {byte: bytes([byte]) for byte in range(256)}
            for (left, right), new_id in merges.items():
                pieces[new_id] = pieces[left] + pieces[right]
            return b''.join(pieces[i] for i in ids)
            """,
            "bytes|text",
        ),
        (
            """
            pieces = {byte: chr(byte) for byte in range(256)}
            for (left, right), new_id in merges.items():
                pieces[new_id] = pieces[left] + pieces[right]
            return ''.join(pieces[i] for i in ids)
            """,
            "chr|byte",
        ),
        (
            """
            pieces = decode.__dict__.setdefault("pieces", {b: bytes([b]) for b in range(256)})
            if len(pieces) == 256:
                for (left, right), new_id in sorted(merges.items(), key=lambda item: item[1]):
                    pieces[new_id] = pieces[left] + pieces[right]
            try:
                return b"".join(pieces[i] for i in ids).decode()
            except KeyError as error:
                raise ValueError(str(error))
            """,
            "with another merge: .* does not depend on `merges`",
        ),
        (
            """
            known = decode.__dict__
            if str(len(merges)) not in known:
                pieces = {b: bytes([b]) for b in range(256)}
                for (left, right), new_id in sorted(merges.items(), key=lambda item: item[1]):
                    pieces[new_id] = pieces[left] + pieces[right]
                known[str(len(merges))] = pieces
            pieces = known[str(len(merges))]
            try:
                return b"".join(pieces[i] for i in ids).decode()
            except KeyError as error:
                raise ValueError(str(error))
            """,
            "with another merge",
        ),
    ),
    "round_trip": (
        (
            """
            return decode(encode(text, merges), merges)
            """,
            "three|tuple|text",
        ),
        (
            """
            ids = encode(text, merges)
            return decode(ids, merges), len(text), len(ids)
            """,
            "byte",
        ),
        (
            """
            ids = encode(text, merges)
            return [decode(ids, merges), len(ids), len(text.encode())]
            """,
            "order|exchanged|swapped|byte",
        ),
        (
            """
            learned = {(117, 122): 300}
            ids = encode(text, learned)
            return decode(ids, learned), len(text.encode()), len(ids)
            """,
            "the `merges` that you are given",
        ),
    ),
    "encode_special": (
        (
            """
            ids = []
            for part in text.split('<|end|>'):
                ids += encode(part, merges)
            return ids
            """,
            "special",
        ),
        (
            """
            return encode(text, merges)
            """,
            "special",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            pattern = '|'.join(special)
            ids = []
            for part in regex.split(f'({pattern})', text):
                if part in allowed:
                    ids.append(special[part])
                else:
                    ids += encode(part, merges)
            return ids
            """,
            "escape|pattern|meaning|ValueError|refuse",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            names = sorted(special, key=len, reverse=True)
            ids = []
            for part in regex.split("(" + "|".join(names) + ")", text):
                if part not in special:
                    ids += encode(part, merges)
                elif part in allowed:
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "`re.escape`",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            letters = "".join(map(regex.escape, special))
            ids = []
            for part in regex.split(f"([{letters}])", text):
                if part not in special:
                    ids += encode(part, merges)
                elif part in allowed:
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "square brackets stand for one character",
        ),
        (
            """
            for name, i in special.items():
                before, found, after = text.partition(name)
                if found:
                    if name not in allowed:
                        raise ValueError(name)
                    return encode(before, merges) + [i] + encode(after, merges)
            return encode(text, merges)
            """,
            "You cut the text at one place",
        ),
        (
            """
            ids = encode(text, merges)
            for name in sorted(special, key=len, reverse=True):
                spelled, i = encode(name, merges), 0
                while i <= len(ids) - len(spelled):
                    if ids[i : i + len(spelled)] == spelled:
                        if name not in allowed:
                            raise ValueError(name)
                        ids[i : i + len(spelled)] = [special[name]]
                    i += 1
            return ids
            """,
            "look for the names in its ids",
        ),
        (
            """
            names = map(regex.escape, sorted(special, key=len, reverse=True))
            ids = []
            for part in regex.findall("|".join([*names, PATTERN]), text):
                if part not in special:
                    ids += encode(part, merges)
                elif part in allowed:
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "Cut at the names first",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            names = map(regex.escape, sorted(special, key=len, reverse=True))
            ids = []
            for part in regex.split("(" + "|".join(names) + ")", text):
                if part not in special:
                    ids += encode(part, merges)
                elif any(part in name for name in allowed):
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "a part of",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            names = map(regex.escape, sorted(special, key=len, reverse=True))
            ids = []
            for part in regex.split("(" + "|".join(names) + ")", text):
                if part not in special:
                    ids += encode(part, merges)
                elif part in str(allowed):
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "a part of",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            names = map(regex.escape, sorted(special, key=len, reverse=True))
            ids = []
            for part in regex.split("(" + "|".join(names) + ")", text):
                if part not in special:
                    ids += encode(part, merges)
                elif any(name.startswith(part) for name in allowed):
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "a part of",
        ),
        (
            """
            if not special:
                return encode(text, merges)
            names = map(regex.escape, sorted(special, key=len, reverse=True))
            ids = []
            for part in regex.split("(" + "|".join(names) + ")", text):
                if part not in special:
                    ids += encode(part, merges)
                elif part.lower() in [name.lower() for name in allowed]:
                    ids.append(special[part])
                else:
                    raise ValueError(part)
            return ids
            """,
            "other capitals",
        ),
    ),
    "ranks": (
        (
            """
            return {pair: rank for pair, rank in merges.items()}
            """,
            "byte",
        ),
        (
            """
            pieces = {}
            for (left, right), new_id in merges.items():
                pieces[bytes([left, right])] = new_id
            return pieces
            """,
            "256|byte|piece",
        ),
        (
            """
            pieces = {byte: bytes([byte]) for byte in range(256)}
            for (left, right), new_id in merges.items():
                pieces[new_id] = pieces[left] + pieces[right]
            return pieces
            """,
            "turn|other way|key|exchang|revers",
        ),
        (
            """
            table = {bytes([i]): i for i in range(256)}
            for i in merges.values():
                table[decode([i], merges).encode()] = i
            return table
            """,
            "Leave out the text",
        ),
        (
            """
            pieces = {byte: bytes([byte]) for byte in range(256)}
            for (left, right), new_id in sorted(merges.items(), key=lambda item: item[1]):
                pieces[new_id] = pieces[left] + pieces[right]
            return {p.decode(errors="replace").encode(): i for i, p in pieces.items()}
            """,
            "Leave out the text",
        ),
        (
            """
            table = {bytes([i]): i for i in range(256)}
            pieces = {byte: bytes([byte]) for byte in range(256)}
            for (left, right), i in sorted(merges.items(), key=lambda item: item[1]):
                pieces[i] = pieces[left] + pieces[right]
                table[pieces[i].decode(errors="ignore").encode()] = i
            return table
            """,
            "Leave out the text",
        ),
    ),
    "look_up": (
        (
            """
            return wte[:, ids]
            """,
            "row|column",
        ),
        (
            """
            return wte[ids[0]]
            """,
            "first",
        ),
        (
            """
            return wte[ids - 1]
            """,
            "0|first",
        ),
        (
            """
            return torch.stack([wte[i] for i in ids.flatten()])
            """,
            "batch|axis|shape",
        ),
    ),
    "one_hot": (
        (
            """
            return torch.eye(n_vocab, dtype=torch.int64)[ids]
            """,
            "int64|float",
        ),
        (
            """
            return torch.eye(n_vocab)
            """,
            "for each \\*\\*token",
        ),
        (
            """
            return torch.eye(len(ids), n_vocab)
            """,
            "depend|its id tells",
        ),
        (
            """
            rows = torch.zeros(len(ids), n_vocab)
            rows[:, ids] = 1.0
            return rows
            """,
            "row|each",
        ),
    ),
    "cosines": (
        (
            """
            return table @ v
            """,
            "length",
        ),
        (
            """
            return table @ v / (table.norm() * v.norm())
            """,
            "row|length|whole",
        ),
        (
            """
            return table @ v / table.norm(dim=1)
            """,
            "length|`v`",
        ),
        (
            """
            return table @ v / table.norm(dim=1) * v.norm()
            """,
            "bracket|divid|multipl|times",
        ),
    ),
    "nearest": (
        (
            """
            return cosines(table, table[row]).argsort(descending=True)[:k]
            """,
            "itself|own|list|tensor",
        ),
        (
            """
            near = cosines(table, table[row])
            return near.argsort(descending=True)[:k].tolist()
            """,
            "itself|own",
        ),
        (
            """
            near = cosines(table, table[row])
            return near.argsort()[:k].tolist()
            """,
            "farthest",
        ),
        (
            """
            near = table @ table[row]
            near[row] = -torch.inf
            return near.argsort(descending=True)[:k].tolist()
            """,
            "length|cosine",
        ),
    ),
    "direction": (
        (
            """
            return (table[tos] - table[froms]).mean(0)
            """,
            "length",
        ),
        (
            """
            step = (table[froms] - table[tos]).mean(0)
            return step / step.norm()
            """,
            "sign|from|backward|other way|direction",
        ),
        (
            """
            step = table[tos[0]] - table[froms[0]]
            return step / step.norm()
            """,
            "first|pair|mean",
        ),
        (
            """
            steps = table[tos] - table[froms]
            return (steps / steps.norm(dim=1, keepdim=True)).mean(0)
            """,
            "length",
        ),
    ),
    "sinusoids": (
        (
            """
            t = torch.arange(n_ctx)[:, None]
            angles = t / 10000 ** (torch.arange(0, d_model, 2) / d_model)
            return torch.cat([angles.sin(), angles.cos()], -1)
            """,
            "even|altern|turn|half|interleav",
        ),
        (
            """
            t = torch.arange(n_ctx)[:, None]
            angles = t / 10000 ** (torch.arange(d_model // 2) / d_model)
            table = torch.zeros(n_ctx, d_model)
            table[:, 0::2] = angles.sin()
            table[:, 1::2] = angles.cos()
            return table
            """,
            "2|exponent|twice|column",
        ),
        (
            """
            t = torch.arange(n_ctx)
            angles = t / 10000 ** (torch.arange(0, d_model, 2) / d_model)
            table = torch.zeros(n_ctx, d_model)
            table[:, 0::2] = angles.sin()
            table[:, 1::2] = angles.cos()
            return table
            """,
            "shapes do not fit|ValueError|column",
        ),
    ),
    "embed": (
        (
            """
            return look_up(ids, wte)
            """,
            "where a token stands",
        ),
        (
            """
            return look_up(ids, wte) + wpe
            """,
            "shapes do not fit|first|length|rows",
        ),
        (
            """
            return look_up(ids, wte) + wpe[ids]
            """,
            "position|id",
        ),
        (
            """
            return look_up(ids, wte) + wpe[: ids.shape[-1]]
            """,
            "refus|ValueError",
        ),
    ),
    "average_past": (
        (
            """
            return x.mean(0)
            """,
            "past|all|row",
        ),
        (
            """
            return torch.stack([x[:t].mean(0) for t in range(len(x))])
            """,
            "itself|own|NaN|before",
        ),
        (
            """
            return x.cumsum(0) / len(x)
            """,
            "divid|number|many",
        ),
        (
            """
            return torch.stack([x[: t + 1].sum(0) for t in range(len(x))])
            """,
            "sum|divid|mean",
        ),
        (
            """
            return torch.tensor([x[: t + 1].mean(0) for t in range(len(x))])
            """,
            "torch.stack",
        ),
    ),
    "averaging_weights": (
        (
            """
            W = torch.ones(len(x), len(x)).tril()
            return W / W.sum()
            """,
            "row|all",
        ),
        (
            """
            W = torch.ones(len(x), len(x)).tril()
            return W / len(x)
            """,
            "row|sum|divid",
        ),
        (
            """
            W = torch.ones(len(x), len(x)).tril()
            return W / W.sum(0)
            """,
            "column|row|axis",
        ),
        (
            """
            return torch.ones(len(x), len(x)) / len(x)
            """,
            "future|past|all",
        ),
        (
            """
            W = torch.tril(x)
            return W / W.sum(-1, keepdim=True)
            """,
            "ones|`x`|weights|shape|numbers",
        ),
    ),
    "softmax": (
        (
            """
            e = torch.exp(scores)
            return e / e.sum()
            """,
            "row|all",
        ),
        (
            """
            e = torch.exp(scores)
            return e / e.sum(-1, keepdim=True)
            """,
            "large|overflow|∞|NaN|maximum",
        ),
        (
            """
            e = torch.exp(scores - scores.max())
            return e / e.sum(-1, keepdim=True)
            """,
            "row|whole|each",
        ),
        (
            """
            return scores / scores.sum(-1, keepdim=True)
            """,
            "e to the power",
        ),
        (
            """
            e = torch.exp(scores - scores.amax(0))
            return e / e.sum(0)
            """,
            "axis|column|row",
        ),
        (
            """
            return [math.exp(s) for s in scores]
            """,
            "not know `math`|one number|list",
        ),
    ),
    "scores": (
        (
            """
            return q @ k.mT
            """,
            "root|√|scale|divid",
        ),
        (
            """
            return q @ k.T / sqrt(q.shape[-1])
            """,
            "T|axes|batch",
        ),
        (
            """
            return q @ k / sqrt(q.shape[-1])
            """,
            "exchange their last two axes",
        ),
        (
            """
            return q @ k.mT / q.shape[-1]
            """,
            "root|√",
        ),
        (
            """
            return q @ k.mT / sqrt(q.shape[-2])
            """,
            "axis|tokens|size|d_head",
        ),
        (
            """
            return q @ k.mT / sqrt(4)
            """,
            "fixed|4|root|size|d_head|times",
        ),
        (
            """
            return q * k / sqrt(q.shape[-1])
            """,
            "`@`|product|shape",
        ),
    ),
    "attention_weights": (
        (
            """
            return softmax(scores(q, k))
            """,
            "future|mask|later",
        ),
        (
            """
            T = q.shape[-2]
            W = softmax(scores(q, k))
            return W * torch.ones(T, T).tril()
            """,
            "after|sum",
        ),
        (
            """
            T = q.shape[-2]
            past = torch.ones(T, T).tril()
            return softmax(scores(q, k).masked_fill(past == 0, 0))
            """,
            "0|inf|∞",
        ),
        (
            """
            T = q.shape[-2]
            past = torch.ones(T, T).triu()
            return softmax(scores(q, k).masked_fill(past == 0, -torch.inf))
            """,
            "past|future|other side|upper|triu",
        ),
        (
            """
            T = q.shape[-2]
            past = torch.ones(T, T).tril()
            return softmax(scores(q, k).masked_fill(~past, -torch.inf))
            """,
            "bool|`~`|mask",
        ),
    ),
    "attention": (
        (
            """
            return attention_weights(q, k)
            """,
            "`v`|values|weights",
        ),
        (
            """
            return attention_weights(q, k).mT @ v
            """,
            "turn|transpos|row|column|come",
        ),
        (
            """
            return attention_weights(q, k) * v
            """,
            "`@`|product|fit",
        ),
        (
            """
            return attention_weights(q, v) @ k
            """,
            "exchang|`k`|`v`|keys|values",
        ),
        (
            """
            return softmax(scores(q, k)) @ v
            """,
            "future|mask|later|comes after",
        ),
    ),
    "split_heads": (
        (
            """
            *front, T, C = x.shape
            return x.reshape(*front, n_head, T, C // n_head)
            """,
            "transpos|column|token|order|ValueError|mix",
        ),
        (
            """
            *front, T, C = x.shape
            return x.reshape(*front, T, n_head, C // n_head)
            """,
            "axis|axes|transpos|shape",
        ),
        (
            """
            T, C = x.shape
            return x.reshape(T, n_head, C // n_head).transpose(0, 1)
            """,
            "axes|batch",
        ),
    ),
    "merge_heads": (
        (
            """
            H, T, d = x.shape
            return x.reshape(T, H * d)
            """,
            "transpos|order|axes|token|mix|place",
        ),
        (
            """
            return x.transpose(-3, -2)
            """,
            "Make one row",
        ),
        (
            """
            return x.flatten(-2)
            """,
            "transpos|token|head|shape",
        ),
        (
            """
            return x.sum(-3)
            """,
            "sum|side by side|head|axis|shape",
        ),
    ),
    "attend": (
        (
            """
            q, k, v = (split_heads(p, n_head) for p in (x @ w_qkv).chunk(3, -1))
            return merge_heads(attention(q, k, v)) @ w_out + b_out
            """,
            "b_qkv|bias",
        ),
        (
            """
            qkv = x @ w_qkv + b_qkv
            q, k, v = qkv.chunk(3, -1)
            return attention(q, k, v) @ w_out + b_out
            """,
            "head",
        ),
        (
            """
            qkv = x @ w_qkv + b_qkv
            q, k, v = (split_heads(p, n_head) for p in qkv.chunk(3, -1))
            return merge_heads(attention(q, k, v))
            """,
            "w_out|last|out",
        ),
        (
            """
            qkv = x @ w_qkv + b_qkv
            q, k, v = (split_heads(p, n_head) for p in qkv.split(3, -1))
            return merge_heads(attention(q, k, v)) @ w_out + b_out
            """,
            "unpack|split|three|chunk",
        ),
    ),
    "gelu": (
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.0447 * x**3)))
            """,
            "number before x³ is 0.0447",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(0.7979 * (x + 0.044715 * x**3)))
            """,
            "Your √\\(2/π\\) is 0.7979",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh((2 / pi) ** 1/2 * (x + 0.044715 * x**3)))
            """,
            "the power needs brackets",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x.pow_(3))))
            """,
            "writes the third power into `x`",
        ),
        (
            """
            return x // 2 * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
            """,
            "whole numbers only",
        ),
        (
            """
            return 0.5 * (x + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
            """,
            "added to \\*\\*1",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x * 0.044715 * x**3)))
            """,
            "multiply x by the term",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * 3)))
            """,
            "x times x times \\*\\*3",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * abs(x) ** 3)))
            """,
            "lost its sign",
        ),
        (
            """
            return 0.5 * x * (1 + torch.atanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
            """,
            "`atanh`",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * x))
            """,
            "cube|third|x³|0.0447|x\\*\\*3",
        ),
        (
            """
            return x.clamp(min=0)
            """,
            "ReLU",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.44715 * x**3)))
            """,
            "mistyped",
        ),
        (
            """
            return 0.5 * x * (1 + torch.tanh(sqrt(2 * pi) * (x + 0.044715 * x**3)))
            """,
            "constant|pi|π|root",
        ),
        (
            """
            return 0.5 * x * (1 + torch.erf(x / sqrt(2)))
            """,
            "tanh|exact|erf",
        ),
        (
            """
            return x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
            """,
            "twice as large",
        ),
        (
            """
            return max(x, 0)
            """,
            "clamp|`max`",
        ),
    ),
    "layer_norm": (
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) * 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) * weight + bias
            """,
            "`\\* 2` doubles",
        ),
        (
            """
            C = len(x)
            m = x.sum(-1, keepdim=True) / C
            v = ((x - m) ** 2).sum(-1, keepdim=True) / C
            return (x - m) / torch.sqrt(v + 1e-5) * weight + bias
            """,
            "size of the \\*\\*first",
        ),
        (
            """
            C = 96
            m = x.sum(-1, keepdim=True) / C
            v = ((x - m) ** 2).sum(-1, keepdim=True) / C
            return (x - m) / torch.sqrt(v + 1e-5) * weight + bias
            """,
            "divide the sums by 96",
        ),
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x / torch.sqrt(v + 1e-5) - m) * weight + bias
            """,
            "divide x first",
        ),
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) + weight * bias
            """,
            "multiply the weight by the bias",
        ),
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v) + 1e-5 * weight + bias
            """,
            "multiplies only ε",
        ),
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) * weight[0] + bias[0]
            """,
            "first weight and the first bias",
        ),
        (
            """
            low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
            return (x - low) / (high - low + 1e-5) * weight + bias
            """,
            "between 0 and 1",
        ),
        (
            """
            m = x.mean((-2, -1), keepdim=True)
            v = ((x - m) ** 2).mean((-2, -1), keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) * weight + bias
            """,
            "\\*\\*last\\*\\* axis alone",
        ),
        (
            """
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) * bias + weight
            """,
            "multiply by the bias and add the weight",
        ),
        (
            """
            x = x.half()
            m = x.mean(-1, keepdim=True)
            v = ((x - m) ** 2).mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(v + 1e-5) * weight + bias
            """,
            "float16",
        ),
        (
            """
            return (x - x.mean()) / x.std() * weight + bias
            """,
            "row|axis|all|each",
        ),
        (
            """
            c = x - x.mean(-1, keepdim=True)
            return c / (x.var(-1, keepdim=True) + 1e-5).sqrt() * weight + bias
            """,
            "C − 1",
        ),
        (
            """
            c = x - x.mean(-1, keepdim=True)
            return c / (c.square().mean(-1, keepdim=True) + 1e-5) * weight + bias
            """,
            "root",
        ),
        (
            """
            c = x - x.mean(-1, keepdim=True)
            return c / c.square().mean(-1, keepdim=True).sqrt() * weight + bias
            """,
            "ε|1e-5|0",
        ),
        (
            """
            c = x - x.mean(-1, keepdim=True)
            return c / (c.square().mean(-1, keepdim=True) + 1e-5).sqrt()
            """,
            "weight",
        ),
        (
            """
            return (x - x.mean(-1)) / x.std(-1) * weight + bias
            """,
            "keepdim",
        ),
    ),
    "mlp": (
        (
            """
            return torch.stack([gelu(v @ w_in + b_in) @ w_out + b_out for v in x])
            """,
            "no loop is needed",
        ),
        (
            """
            h = gelu(x @ w_in + b_in)
            return (h + b_out) @ w_out
            """,
            "\\*\\*after\\*\\* the product",
        ),
        (
            """
            h = gelu(x @ w_in + w_out)
            return h @ b_in + b_out
            """,
            "does your `def` name them so",
        ),
        (
            """
            h = torch.relu(gelu(x @ w_in + b_in))
            return h @ w_out + b_out
            """,
            "stand both",
        ),
        (
            """
            h = gelu(x @ w_in + b_in)
            return (h @ w_out).sum(-1, keepdim=True) + b_out
            """,
            "holds its sums already",
        ),
        (
            """
            h = x @ w_in + b_in
            return x + gelu(h @ w_out + b_out)
            """,
            "\\*\\*between\\*\\* the two",
        ),
        (
            """
            return (x @ w_in + b_in) @ w_out + b_out
            """,
            "gelu|GELU",
        ),
        (
            """
            return gelu(x @ w_in) @ w_out + b_out
            """,
            "b_in",
        ),
        (
            """
            return gelu(x @ w_in + b_in) @ w_out
            """,
            "b_out",
        ),
        (
            """
            return gelu(gelu(x @ w_in + b_in) @ w_out + b_out)
            """,
            "at the very end",
        ),
        (
            """
            return x @ gelu(w_in) @ w_out + b_out
            """,
            "w_in|weights|hidden|gelu|GELU",
        ),
    ),
    "dropout": (
        (
            """
            if p < 0 or p >= 1:
                raise ValueError(p)
            return torch.where(u >= p, x / 1 - p, 0.0)
            """,
            "needs brackets",
        ),
        (
            """
            if p < 0 or p >= 1:
                raise ValueError(p)
            return x * (u >= p).int() / 1 - p
            """,
            "needs brackets",
        ),
        (
            """
            if p < 0 or p >= 1:
                raise ValueError(p)
            return torch.where(x >= p, u / (1 - p), 0.0)
            """,
            "are swapped",
        ),
        (
            """
            if 0 <= p < 1:
                raise ValueError(p)
            return torch.where(u >= p, x / (1 - p), 0.0)
            """,
            "Is a `not` missing",
        ),
        (
            """
            if p >= 0 or p < 1:
                raise ValueError(p)
            return torch.where(u >= p, x / (1 - p), 0.0)
            """,
            "refuse every p\\.",
        ),
        (
            """
            if p < 0 or p > 0.9:
                raise ValueError(p)
            return torch.where(u >= p, x / (1 - p), 0.0)
            """,
            "p above 0.9",
        ),
        (
            """
            if p < 0 and p >= 1:
                raise ValueError(p)
            return torch.where(u >= p, x / (1 - p), 0.0)
            """,
            "`or` between the two conditions",
        ),
        (
            """
            if not 0 <= p < 1:
                ValueError(p)
            return torch.where(u >= p, x / (1 - p), 0.0)
            """,
            "does `raise` stand in it",
        ),
        (
            """
            if p < 0 or p >= 1:
                raise ValueError(p)
            return torch.where(u[..., :1] >= p, x / (1 - p), 0.0)
            """,
            "first point of each vector",
        ),
        (
            """
            if p < 0 or p >= 1:
                raise ValueError(p)
            return torch.where(u >= p, torch.round(x / (1 - p), decimals=4), 0.0)
            """,
            "You round",
        ),
        (
            """
            return torch.where(u >= p, x, 0.0)
            """,
            "scale|1 − p|1 - p|divid|times",
        ),
        (
            """
            return torch.where(u > p, x / (1 - p), 0.0)
            """,
            "exactly at p",
        ),
        (
            """
            return torch.where(u < p, x / (1 - p), 0.0)
            """,
            "other way|kept|drop|below",
        ),
        (
            """
            return torch.where(u >= p, x / p, 0.0)
            """,
            "1 − p|1 - p|divid|/ p",
        ),
        (
            """
            return torch.where(torch.rand(x.shape) >= p, x / (1 - p), 0.0)
            """,
            "random|`u`",
        ),
    ),
    "block": (
        (
            """
            b = list(w.values())
            x = x + attend(layer_norm(x, b[0], b[1]), *b[2:6], n_head)
            return x + mlp(layer_norm(x, b[6], b[7]), *b[8:])
            """,
            "by their \\*\\*places",
        ),
        (
            """
            b, c, d, e, f, g, h, i, j, k, m, n = w.values()
            x = x + attend(layer_norm(x, g, f), c, b, e, d, n_head)
            return x + mlp(layer_norm(x, i, h), k, j, n, m)
            """,
            "by their \\*\\*places",
        ),
        (
            """
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            x = x * attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            n = layer_norm(x, w['ln_2.weight'], w['ln_2.bias'])
            return x + mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "multiply x by attention",
        ),
        (
            """
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            x = x + attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            n = layer_norm(x, w['ln_2.weight'], w['ln_2.bias'])
            return x - mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "In the second sum you subtract",
        ),
        (
            """
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            x = x + attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            n = layer_norm(x, w['ln_2.weight'], w['ln_2.bias'])
            return x, mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "a comma",
        ),
        (
            """
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            heard = attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            n = layer_norm(x, w['ln_2.weight'], w['ln_2.bias'])
            return heard + mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "x is in no sum",
        ),
        (
            """
            for layer in range(3):
                n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
                x = x + attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
                n = layer_norm(x, w['ln_2.weight'], w['ln_2.bias'])
                x = x + mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            return x
            """,
            "three times",
        ),
        (
            """
            h = attend(layer_norm(x, w['ln_1.weight'], w['ln_1.bias']), w['attn.c_attn.weight'],
                w['attn.c_attn.bias'], w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            return mlp(layer_norm(h, w['ln_2.weight'], w['ln_2.bias']), w['mlp.c_fc.weight'],
                w['mlp.c_fc.bias'], w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "add|residual|stream|sum",
        ),
        (
            """
            x = x + attend(x, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            return x + mlp(x, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "norm",
        ),
        (
            """
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            x = x + attend(n, w['attn.c_attn.weight'], w['attn.c_attn.bias'],
                w['attn.c_proj.weight'], w['attn.c_proj.bias'], n_head)
            n = layer_norm(x, w['ln_1.weight'], w['ln_1.bias'])
            return x + mlp(n, w['mlp.c_fc.weight'], w['mlp.c_fc.bias'],
                w['mlp.c_proj.weight'], w['mlp.c_proj.bias'])
            """,
            "ln_2|second norm",
        ),
    ),
    "count_parameters": (
        (
            """
            C = d_model
            attn = 3 * C * C + C + C * C + C
            return (n_vocab + n_ctx) * C + n_layer * (attn + 8 * C * C + 9 * C) + 2 * C
            """,
            "attention's first bias too short",
        ),
        (
            """
            C = d_model
            mlp = 8 * C * C + C
            return (n_vocab + n_ctx) * C + n_layer * (4 * C * C + 8 * C + mlp) + 2 * C
            """,
            "the MLP's first bias \\(4C\\)",
        ),
        (
            """
            C = d_model
            return (n_vocab + n_ctx) * C + n_layer * 12 * C * C + 13 * C + 2 * C
            """,
            "Are brackets missing",
        ),
        (
            """
            C = d_model
            return n_layer * ((n_vocab + n_ctx) * C + 12 * C * C + 13 * C) + 2 * C
            """,
            "two tables once for each layer",
        ),
        (
            """
            C = d_model
            total = (n_vocab + n_ctx) * C + 2 * C
            for i in range(n_layer):
                total = 12 * C * C + 13 * C
            return total
            """,
            "overwrites the sum",
        ),
        (
            """
            C = d_model
            return (n_vocab + n_ctx) * C + n_layer * (12 * C^2 + 13 * C) + 2 * C
            """,
            "`\\^` is not a power",
        ),
        (
            """
            C = d_model
            return (n_vocab + n_ctx) * C + n_layer * (12 * C * C + 13 * C) + 4
            """,
            "as in the example",
        ),
        (
            """
            C = d_model
            parts = (n_vocab + n_ctx) * C, n_layer * (12 * C * C + 13 * C), 2 * C
            return int(torch.tensor(parts, dtype=torch.float32).sum())
            """,
            "about seven digits",
        ),
        (
            """
            C = d_model
            return round(((n_vocab + n_ctx) * C + n_layer * (12 * C * C + 13 * C) + 2 * C) / 1e6)
            """,
            "in millions",
        ),
        (
            """
            C = d_model
            n_vocab = (n_vocab + 63) // 64 * 64
            return (n_vocab + n_ctx) * C + n_layer * (12 * C * C + 13 * C) + 2 * C
            """,
            "multiple of 64",
        ),
        (
            """
            C = d_model
            attn = 4 * C * 3 * C + 3 * C + C * C + C
            return (n_vocab + n_ctx) * C + n_layer * (attn + 8 * C * C + 9 * C) + 2 * C
            """,
            "exactly 9C² numbers too many",
        ),
        (
            """
            C = d_model
            mlp = C * 4 * C + 4 * C + 4 * C + C
            return (n_vocab + n_ctx) * C + n_layer * (4 * C * C + 8 * C + mlp) + 2 * C
            """,
            "\\*\\*times\\*\\* 4C",
        ),
        (
            """
            C = d_model
            return n_vocab * C + n_ctx * C + n_layer * (12 * C * C) + 2 * C
            """,
            "bias|norm",
        ),
        (
            """
            C = d_model
            return n_vocab * C + n_layer * (12 * C * C + 13 * C) + 2 * C
            """,
            "position|n_ctx|wpe",
        ),
        (
            """
            C = d_model
            return 2 * n_vocab * C + n_ctx * C + n_layer * (12 * C * C + 13 * C) + 2 * C
            """,
            "tied|same table|twice|once|unembed",
        ),
        (
            """
            C = d_model
            return n_vocab * C + n_ctx * C + n_layer * (12 * C * C + 13 * C)
            """,
            "last norm|final|ln_f|norm",
        ),
    ),
    "unembed": (
        (
            """
            return x @ wte
            """,
            "turn|transpos|T|last axis",
        ),
        (
            """
            return wte @ x.T
            """,
            "exchanged|order|turn|batch|axes",
        ),
        (
            """
            return (x @ wte.T).softmax(-1)
            """,
            "a step too far",
        ),
        (
            """
            return x[-1] @ wte.T
            """,
            "last|each|all",
        ),
    ),
    "probabilities": (
        (
            """
            e = torch.exp(logits)
            return e / e.sum(-1, keepdim=True)
            """,
            "temperature",
        ),
        (
            """
            e = torch.exp(logits * temperature)
            return e / e.sum(-1, keepdim=True)
            """,
            "temperature|divid|ValueError",
        ),
        (
            """
            e = torch.exp(logits / temperature)
            return e / e.sum(-1, keepdim=True)
            """,
            "large|∞|NaN|overflow|maximum",
        ),
        (
            """
            if temperature <= 0:
                raise ValueError('no')
            z = logits / temperature
            e = torch.exp(z - z.max())
            return e / e.sum()
            """,
            "row|axis|all",
        ),
    ),
    "greedy": (
        (
            """
            return logits.argmax()
            """,
            "integer|int\\(",
        ),
        (
            """
            return logits.max()
            """,
            "Return its position",
        ),
        (
            """
            return logits.argmin().item()
            """,
            "largest|smallest|least",
        ),
        (
            """
            return int(torch.topk(logits, 1).indices)
            """,
            "first|equal|tie",
        ),
    ),
    "keep_top_k": (
        (
            """
            if not 1 <= k <= len(p):
                raise ValueError(k)
            kept = torch.where(p >= p.sort(descending=True).values[k - 1], p, 0.0)
            return kept / kept.sum()
            """,
            "tie|equal|more than",
        ),
        (
            """
            if not 1 <= k <= len(p):
                raise ValueError(k)
            kept = torch.zeros_like(p)
            best = p.argsort(descending=True, stable=True)[:k]
            kept[best] = p[best]
            return kept
            """,
            "sum",
        ),
        (
            """
            if not 1 <= k <= len(p):
                raise ValueError(k)
            kept = p.sort(descending=True).values
            kept[k:] = 0
            return kept / kept.sum()
            """,
            "sorted|place|order",
        ),
    ),
    "keep_top_p": (
        (
            """
            if not 0 < top_p <= 1:
                raise ValueError(top_p)
            order = p.argsort(descending=True, stable=True)
            best = order[p[order].cumsum(0) <= top_p]
            kept = torch.zeros_like(p)
            kept[best] = p[best]
            return kept / kept.sum()
            """,
            "reach|cross|one more|first|few|none",
        ),
        (
            """
            if not 0 < top_p <= 1:
                raise ValueError(top_p)
            kept = torch.where(p >= top_p, p, 0.0)
            return kept / kept.sum()
            """,
            "sum|together|share|NaN|each",
        ),
        (
            """
            if not 0 < top_p <= 1:
                raise ValueError(top_p)
            before = p.cumsum(0) - p
            kept = torch.where(before < top_p, p, 0.0)
            return kept / kept.sum()
            """,
            "order|sort|largest",
        ),
    ),
    "draw": (
        (
            """
            return int((p.cumsum(0) > u).nonzero()[0])
            """,
            "beyond|end|last|reach|1",
        ),
        (
            """
            return int(torch.multinomial(p, 1))
            """,
            "random|`u`",
        ),
        (
            """
            return int((p > u).nonzero()[0])
            """,
            "sum|cumul|add|beyond",
        ),
        (
            """
            total = 0.0
            for i, share in enumerate(p.sort(descending=True).values.tolist()):
                total += share
                if u < total:
                    return i
            return i
            """,
            "order|sorted",
        ),
        (
            """
            total = 0.0
            for i in range(len(p)):
                total += p[i]
                if total >= u:
                    return i
            return i
            """,
            "0|equal|border|exactly|last|share",
        ),
    ),
    "write": (
        (
            """
            for u in us:
                ids.append(draw(probabilities(table[ids[-1]], 1.0), u))
                if ids[-1] == stop:
                    break
            return ids
            """,
            "caller|changed|afterwards|ValueError|refus",
        ),
        (
            """
            text = list(ids)
            for u in us:
                text.append(draw(probabilities(table[text[0]], 1.0), u))
                if text[-1] == stop:
                    break
            return text
            """,
            "last|first",
        ),
        (
            """
            text = list(ids)
            for u in us:
                text.append(draw(probabilities(table[text[-1]], 1.0), u))
                return text
            """,
            "round|loop|one|return|missing",
        ),
        (
            """
            if not ids:
                raise ValueError('empty')
            text = list(ids)
            for u in us:
                text.append(draw(probabilities(table[text[-1]], 1.0), u))
            return text
            """,
            "stop",
        ),
        (
            """
            if not ids:
                raise ValueError('empty')
            text = list(ids)
            for u in us:
                new = draw(probabilities(table[text[-1]], 1.0), u)
                if new == stop:
                    break
                text.append(new)
            return text
            """,
            "stop",
        ),
    ),
    "rms_norm": (
        (
            """
            m = x.mean(-1, keepdim=True)
            return (x - m) / torch.sqrt(((x - m) ** 2).mean(-1, keepdim=True) + eps) * weight
            """,
            "You subtract the mean",
        ),
        (
            """
            rms = torch.sqrt((x**2).mean(-1, keepdim=True)) + eps
            return x / rms * weight
            """,
            "\\*\\*under\\*\\* the root",
        ),
        (
            """
            rms = torch.sqrt((x**2).mean(-1) + eps)
            return x / rms * weight
            """,
            "`keepdim` keeps the axis",
        ),
        (
            """
            return x / torch.sqrt(torch.mean(x**2) + eps) * weight
            """,
            "tell `mean` along which axis",
        ),
        (
            """
            return x / torch.sqrt((x**2).sum(-1, keepdim=True) + eps) * weight
            """,
            "under your root is the \\*\\*sum\\*\\*|Under your root is the \\*\\*sum\\*\\*",
        ),
        (
            """
            return x / ((x**2).mean(-1, keepdim=True) + eps) * weight
            """,
            "Divide by its \\*\\*root\\*\\*",
        ),
        (
            """
            return x * torch.sqrt((x**2).mean(-1, keepdim=True) + eps) * weight
            """,
            "You multiply by the root",
        ),
        (
            """
            return x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps)
            """,
            "multiplied by its own weight",
        ),
        (
            """
            return x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-6) * weight
            """,
            "Use the argument `eps`",
        ),
        (
            """
            return x / sqrt((x**2).mean(-1, keepdim=True) + eps) * weight
            """,
            "`torch.sqrt`|one number",
        ),
        (
            """
            return x / (torch.sqrt((x**2).mean(-1, keepdim=True) + eps) * weight)
            """,
            "You divide by the weight",
        ),
    ),
    "swiglu": (
        (
            """
            return (torch.nn.functional.gelu(x @ w_gate.T) * (x @ w_up.T)) @ w_down.T
            """,
            "bent by the exact GELU",
        ),
        (
            """
            g = torch.sigmoid(x @ w_gate.T)
            return (g * (x @ w_up.T)) @ w_down.T
            """,
            "the gate itself is missing",
        ),
        (
            """
            u = x @ w_up.T
            return (x @ w_gate.T * u * torch.sigmoid(u)) @ w_down.T
            """,
            "have changed places",
        ),
        (
            """
            g = x @ w_gate
            u = x @ w_up
            return (g * torch.sigmoid(g) * u) @ w_down
            """,
            "stored as \\(out, in\\)",
        ),
        (
            """
            g = x @ w_gate.T
            return (g / (1 + torch.exp(g)) * (x @ w_up.T)) @ w_down.T
            """,
            "the sign in the exponential",
        ),
        (
            """
            g = x @ w_gate.T
            return g * torch.sigmoid(g) @ w_down.T
            """,
            "product with x @ w_up.T is missing",
        ),
        (
            """
            g = x @ w_gate.T
            return (g * torch.sigmoid(g) + x @ w_up.T) @ w_down.T
            """,
            "You add gate and up",
        ),
        (
            """
            g = x @ w_gate.T
            return x + (g * torch.sigmoid(g) * (x @ w_up.T)) @ w_down.T
            """,
            "You add x at the end",
        ),
        (
            """
            h = (x @ w_gate.T) * (x @ w_up.T)
            return (h * torch.sigmoid(h)) @ w_down.T
            """,
            "multiply first and bend the product",
        ),
        (
            """
            g = x @ w_gate.T
            return g * torch.sigmoid(g) * (x @ w_up.T)
            """,
            "You stop at the hidden units",
        ),
        (
            """
            g = x @ w_gate.T
            return (g * torch.exp(g) / (1 + torch.exp(g)) * (x @ w_up.T)) @ w_down.T
            """,
            "`exp` is ∞",
        ),
    ),
    "share": (
        (
            """
            H = x.shape[-3]
            if n_head % H:
                raise ValueError(n_head)
            return torch.cat([x] * (n_head // H), -3)
            """,
            "side by side: 0, 0, 1, 1",
        ),
        (
            """
            H = x.shape[0]
            if n_head % H:
                raise ValueError(n_head)
            return x.repeat_interleave(n_head // H, dim=0)
            """,
            "In a batch|batch the first axis",
        ),
        (
            """
            H = x.shape[-3]
            if n_head % H:
                raise ValueError(n_head)
            return x.repeat(n_head // H, 1, 1)
            """,
            "side by side: 0, 0, 1, 1|batch",
        ),
        (
            """
            return x.repeat_interleave(n_head // x.shape[-3], dim=-3)
            """,
            "look at the remainder first",
        ),
        (
            """
            H = x.shape[-3]
            if n_head % H:
                raise ValueError(n_head)
            return x.repeat_interleave(n_head, dim=-3)
            """,
            "comes `n_head` times",
        ),
        (
            """
            H = x.shape[-3]
            if n_head % H:
                raise ValueError(n_head)
            return x.repeat_interleave(n_head // H)
            """,
            "one long row of all numbers",
        ),
        (
            """
            H = x.shape[-3]
            if n_head % H:
                raise ValueError(n_head)
            return x.repeat_interleave(n_head // H, dim=-2)
            """,
            "You repeat the tokens",
        ),
        (
            """
            B, H, T, d = x.shape
            if n_head % H:
                raise ValueError(n_head)
            return x[:, :, None].expand(B, H, n_head // H, T, d).reshape(B, n_head, T, d)
            """,
            "three axes",
        ),
    ),
    "turns": (
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(d_head // 2)
            speed = 1 / base ** (i / d_head)
            angle = places[..., None] * speed
            return torch.cos(angle), torch.sin(angle)
            """,
            "slow down only half as much",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            speed = base ** (i / d_head)
            angle = places[..., None] * speed
            return torch.cos(angle), torch.sin(angle)
            """,
            "exponent is negative",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            speed = 1 / 10000 ** (i / d_head)
            angle = places[..., None] * speed
            return torch.cos(angle), torch.sin(angle)
            """,
            "use the argument `base`",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            speed = 1 / base ** (i / d_head)
            angle = torch.outer(places, speed)
            return torch.cos(angle), torch.sin(angle)
            """,
            "Right for one row of places",
        ),
        (
            """
            i = torch.arange(0, d_head, 2)
            speed = 1 / base ** (i / d_head)
            angle = places[..., None] * speed
            return torch.cos(angle), torch.sin(angle)
            """,
            "odd d_head is accepted|odd",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            angle = places[..., None] / base ** (i / d_head)
            return torch.sin(angle), torch.cos(angle)
            """,
            "cosines come first",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            angle = torch.arange(places.shape[-1])[:, None] / base ** (i / d_head)
            return torch.cos(angle), torch.sin(angle)
            """,
            "numbers in `places`",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            angle = (places[..., None] + 1) / base ** (i / d_head)
            return torch.cos(angle), torch.sin(angle)
            """,
            "one place ahead",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            angle = places[..., None] / base ** (i / d_head)
            angle = torch.cat([angle, angle], -1)
            return torch.cos(angle), torch.sin(angle)
            """,
            "stands there twice",
        ),
        (
            """
            if d_head % 2:
                raise ValueError(d_head)
            i = torch.arange(0, d_head, 2)
            angle = places / base ** (i / d_head)
            return torch.cos(angle), torch.sin(angle)
            """,
            "new axis",
        ),
    ),
    "rotate": (
        (
            """
            a, b = x[..., 0::2], x[..., 1::2]
            out = torch.empty_like(x)
            out[..., 0::2] = a * cos - b * sin
            out[..., 1::2] = a * sin + b * cos
            return out
            """,
            "You turn neighbours",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return torch.cat([a * cos + b * sin, b * cos - a * sin], -1)
            """,
            "turn the other way round",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return torch.cat([a * cos + b * sin, a * sin + b * cos], -1)
            """,
            "no turn",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            a = a * cos - b * sin
            b = a * sin + b * cos
            return torch.cat([a, b], -1)
            """,
            "\\*\\*old\\*\\* a",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return torch.cat([a * cos - b * sin, a * sin + b * cos])
            """,
            "along axis 0",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
            """,
            "side by side: columns 0 and 1",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return x * cos + torch.cat([-b, a], -1) * sin
            """,
            "half as wide",
        ),
        (
            """
            T, d = x.shape
            a, b = x[:, : d // 2], x[:, d // 2 :]
            return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
            """,
            "Count axes from the end|axes|unpack",
        ),
        (
            """
            a, b = x.chunk(2, -1)
            return torch.cat([a * cos, b * sin], -1)
            """,
            "both coordinates mix",
        ),
    ),
    "grouped_attention": (
        (
            """
            n_head = q.shape[-3]
            k, v = share(k, n_head), share(v, n_head)
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            T = s.shape[-1]
            mask = torch.ones(s.shape[-2], T).tril() == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "takes them for the first",
        ),
        (
            """
            n_head = q.shape[-3]
            k, v = share(k, n_head), share(v, n_head)
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            T = q.shape[-2]
            mask = torch.ones(T, T).tril() == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "square mask does not fit",
        ),
        (
            """
            n_head = q.shape[-3]
            k, v = share(k, n_head), share(v, n_head)
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            return s.softmax(-1) @ v
            """,
            "hear the future",
        ),
        (
            """
            n_head = q.shape[-3]
            k, v = share(k, n_head), share(v, n_head)
            s = q @ k.transpose(-2, -1)
            mask = torch.ones(s.shape[-2:]).tril(s.shape[-1] - s.shape[-2]) == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "not divided by",
        ),
        (
            """
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            mask = torch.ones(s.shape[-2:]).tril(s.shape[-1] - s.shape[-2]) == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "fewer heads than the queries",
        ),
        (
            """
            n = q.shape[-3] // k.shape[-3]
            k, v = torch.cat([k] * n, -3), torch.cat([v] * n, -3)
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            mask = torch.ones(s.shape[-2:]).tril(s.shape[-1] - s.shape[-2]) == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "round and round",
        ),
        (
            """
            n_head = q.shape[-3]
            k, v = share(k, n_head), share(v, n_head)
            s = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])
            mask = torch.ones(s.shape[-2:]).tril(s.shape[-1] - s.shape[-2] - 1) == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "itself in your mask|one place off",
        ),
        (
            """
            B, H, T, d = q.shape
            k, v = share(k, H), share(v, H)
            s = q @ k.transpose(-2, -1) / sqrt(d)
            mask = torch.ones(s.shape[-2:]).tril(s.shape[-1] - s.shape[-2]) == 0
            return s.masked_fill(mask, -torch.inf).softmax(-1) @ v
            """,
            "three axes",
        ),
    ),
    "qk_norm": (
        (
            """
            return rms_norm(q, w_q, eps), rms_norm(k, w_q, eps)
            """,
            "one of their own, `w_k`",
        ),
        (
            """
            return rms_norm(q, w_q), rms_norm(k, w_k)
            """,
            "plays no part|does not depend on `eps`|never uses",
        ),
        (
            """
            return rms_norm(q, w_q, eps), k
            """,
            "keys come back as they were|argument itself",
        ),
        (
            """
            return rms_norm(k, w_k, eps), rms_norm(q, w_q, eps)
            """,
            "keys come back first",
        ),
        (
            """
            return rms_norm(q, w_q, eps)
            """,
            "Only the queries come back",
        ),
        (
            """
            return rms_norm(q, w_k, eps), rms_norm(k, w_q, eps)
            """,
            "have the keys' weight",
        ),
        (
            """
            q, k = rms_norm(q, w_q, eps), rms_norm(k, w_k, eps)
            return q @ k.transpose(-2, -1)
            """,
            "dot products of both",
        ),
        (
            """
            return rms_norm(q, w_q, eps) / sqrt(q.shape[-1]), rms_norm(k, w_k, eps)
            """,
            "queries by the root of d_head",
        ),
    ),
    "batch": (
        (
            """
            if not stories:
                raise ValueError("no story")
            T = len(stories[-1]) + 1
            ids = torch.full((len(stories), T), end)
            targets = torch.full((len(stories), T), -1)
            for i, story in enumerate(stories):
                n = len(story)
                ids[i, 1 : n + 1] = torch.tensor(story, dtype=torch.int64)
                targets[i, :n] = torch.tensor(story, dtype=torch.int64)
                targets[i, n] = end
            return ids, targets
            """,
            "that of the last story",
        ),
        (
            """
            T = max(len(story) for story in stories)
            ids = torch.full((len(stories), T), end)
            targets = torch.full((len(stories), T), -1)
            for b, story in enumerate(stories):
                n = len(story)
                ids[b, 1 : n + 1] = torch.tensor(story, dtype=torch.long)
                targets[b, :n] = torch.tensor(story, dtype=torch.long)
                targets[b, n] = end
            return ids, targets
            """,
            "plus 1",
        ),
        (
            """
            T = max(len(story) for story in stories) + 1
            ids = torch.full((len(stories), T), end)
            targets = torch.full((len(stories), T), -1)
            for b, story in enumerate(stories):
                n = len(story)
                ids[b, 1 : n + 1] = torch.tensor(story, dtype=torch.long)
                targets[b, :n] = torch.tensor(story, dtype=torch.long)
                targets[b, -1] = end
            return ids, targets
            """,
            "own.* last token",
        ),
        (
            """
            T = max(len(s) for s in stories)
            ids = torch.tensor([[end] + s + [end] * (T - len(s)) for s in stories])
            return ids, ids
            """,
            "Both are ids",
        ),
        (
            """
            T = max(len(s) for s in stories) + 1
            ids = torch.full((len(stories), T), end)
            targets = torch.full((len(stories), T), -1)
            for i, s in enumerate(stories):
                ids[i, 1 : len(s) + 1] = torch.tensor(s)
                targets[i, : len(s)] = torch.tensor(s)
            return ids, targets
            """,
            "END comes",
        ),
        (
            """
            T = max(len(s) for s in stories) + 1
            rows = [[end] + s + [end] * (T - len(s)) for s in stories]
            x = torch.tensor(rows)
            return x[:, :-1], x[:, 1:]
            """,
            "asked for it again",
        ),
        (
            """
            T = max(len(s) for s in stories) + 1
            x = torch.tensor([[end] + s + [end] + [-1] * (T - 1 - len(s)) for s in stories])
            return x[:, :-1], x[:, 1:]
            """,
            "No token has that id|filled up with −1",
        ),
        (
            """
            ids = torch.tensor([[end] + s for s in stories])
            targets = torch.tensor([s + [end] for s in stories])
            return ids, targets
            """,
            "make no tensor",
        ),
        (
            """
            T = max(len(s) for s in stories) + 1
            ids = torch.zeros(len(stories), T)
            targets = torch.zeros(len(stories), T) - 1
            for i, s in enumerate(stories):
                ids[i] = torch.tensor([end] + s + [end] * (T - 1 - len(s)))
                targets[i, : len(s) + 1] = torch.tensor(s + [end])
            return ids, targets
            """,
            "whole numbers",
        ),
        (
            """
            T = max(len(s) for s in stories) + 1
            for s in stories:
                while len(s) < T:
                    s.append(end)
            x = torch.tensor(stories)
            return x, x
            """,
            "place|changed|in place|row|ids",
        ),
    ),
    "loss": (
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing is asked")
            p = logits[asked].softmax(-1).gather(-1, targets[asked][..., None])
            return -p.clamp(min=1e-30).log().mean()
            """,
            "So the surprise has a ceiling",
        ),
        (
            """
            z, t = logits.flatten(0, -2), targets.flatten()
            asked = t >= 0
            if not asked.any():
                raise ValueError("nothing is asked")
            z, t = z[asked], t[asked]
            return (z.logsumexp(-1) - z[torch.arange(len(t)), t]).mean()
            """,
            "which has no axis of its own",
        ),
        (
            """
            if len(targets) == 0:
                raise ValueError("nothing is asked")
            asked = targets != -1
            logp = logits[asked].log_softmax(-1)
            return -logp.gather(-1, targets[asked][..., None]).mean()
            """,
            "look whether ..any.. is asked",
        ),
        (
            """
            if (targets < 0).all():
                raise ValueError
            lp = logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1))
            return -lp[targets >= 0].mean()
            """,
            "It is no id",
        ),
        (
            """
            asked = targets >= 0
            if asked.sum() == 0:
                raise ValueError
            p = logits[asked].gather(-1, targets[asked][:, None])
            return -p.log().mean()
            """,
            "no bets yet",
        ),
        (
            """
            asked = targets >= 0
            if asked.sum() == 0:
                raise ValueError
            logp = logits.log_softmax(-1)
            n = torch.arange(len(targets))
            return -logp[n, targets][asked].mean()
            """,
            "one axis",
        ),
        (
            """
            p = torch.softmax(logits, dim=-1)
            asked = targets != -1
            return -torch.log(p[asked, targets[asked]]).mean()
            """,
            "too small for a float|ValueError",
        ),
        (
            """
            if (targets == -1).all():
                raise ValueError("nothing")
            logp = logits.log_softmax(-1)
            nll = -logp.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
            return (nll * (targets >= 0)).mean()
            """,
            r"divide by \*\*all\*\* places",
        ),
        (
            """
            if (targets == -1).all():
                raise ValueError("nothing")
            logp = logits.log_softmax(-1)
            total = 0.0
            for row, t in zip(logp.reshape(-1, logp.shape[-1]), targets.reshape(-1)):
                if t > 0:
                    total = total - row[t]
            return total / (targets >= 0).sum()
            """,
            "Token 0|token 0",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            z, t = logits[asked], targets[asked]
            return (torch.log(torch.exp(z).sum(-1)) - z[torch.arange(len(t)), t]).mean()
            """,
            "89 or more",
        ),
        (
            """
            asked = targets >= 0
            logp = logits.log_softmax(-1)
            return -logp[asked, targets[asked]].mean()
            """,
            "raise a ValueError",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            logp = logits.log_softmax(-1)
            return -logp[asked, targets[asked]].sum()
            """,
            r"their \*\*mean\*\*",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            logp = logits[asked].log_softmax(-1)
            return -logp[:, targets[asked]].mean()
            """,
            r"targets of \*\*all\*\* places",
        ),
    ),
    "gradient": (
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing is asked")
            result = torch.zeros_like(logits)
            p = logits[asked].softmax(-1) / asked.sum()
            p[torch.arange(len(p)), targets[asked]] -= 1
            result[asked] = p
            return result
            """,
            "First subtract, then divide",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing is asked")
            result = logits.softmax(-1)
            p = logits[asked].softmax(-1)
            p[torch.arange(len(p)), targets[asked]] -= 1
            result[asked] = p / asked.sum()
            return result
            """,
            "Begin with zeros",
        ),
        (
            """
            asked = targets >= 0
            n = asked.sum(-1, keepdim=True).unsqueeze(-1)
            if asked.sum() == 0:
                raise ValueError("nothing is asked")
            p = torch.softmax(logits, dim=-1)
            truth = torch.zeros_like(p)
            truth.scatter_(-1, targets.clamp(min=0).unsqueeze(-1), 1.0)
            return (p - truth) * asked.unsqueeze(-1) / n
            """,
            "whole batch",
        ),
        (
            """
            asked = targets >= 0
            n = asked.sum()
            if n == 0:
                raise ValueError("nothing is asked")
            p = torch.softmax(logits, dim=-1)
            truth = torch.zeros_like(p)
            truth.scatter_(-1, targets.clamp(min=0).unsqueeze(-1), 1.0)
            return (p - truth) * asked / n
            """,
            "another axis at its end",
        ),
        (
            """
            asked = targets >= 0
            n = asked.sum()
            if n == 0:
                raise ValueError
            g = torch.softmax(logits, -1)
            g[..., targets] -= 1
            g[~asked] = 0
            return g / n
            """,
            "columns of .*all",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            p = logits.softmax(-1)
            p[asked, targets[asked]] -= 1
            return p / asked.sum()
            """,
            "Where nothing is asked",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            p = logits.softmax(-1)
            p[asked, targets[asked]] -= 1
            return p * asked.unsqueeze(-1)
            """,
            "Nothing is divided",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            p = logits.softmax(-1)
            p[..., targets[asked]] -= 1
            return p * asked.unsqueeze(-1) / asked.sum()
            """,
            r"targets of \*\*all\*\* places|all places",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            one_hot = torch.nn.functional.one_hot(targets.clamp(min=0), logits.shape[-1])
            return (one_hot - logits.softmax(-1)) * asked[..., None] / asked.sum()
            """,
            "truth minus bets",
        ),
        (
            """
            asked = targets >= 0
            p = logits.softmax(-1)
            p[asked, targets[asked]] -= 1
            return p * asked[..., None] / asked.sum()
            """,
            "raise a ValueError",
        ),
        (
            """
            asked = targets >= 0
            if not asked.any():
                raise ValueError("nothing")
            p = logits.softmax(-1)
            p[asked, targets[asked]] -= 1
            return p * asked[..., None] / targets.numel()
            """,
            "divide by all places",
        ),
    ),
    "learning_rate": (
        (
            """
            if step >= steps:
                return last
            if step < warm_up:
                return peak * (step + 1) / warm_up
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "Ask first whether `step` is below",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            if warm_up > steps:
                return peak
            if step >= steps:
                return last
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "there is none, and you give the peak",
        ),
        (
            """
            if step < warm_up:
                peak = peak * (step + 1) / warm_up
            if step >= steps:
                return last
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "return it at once",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            if step >= steps:
                return last
            done = (step - warm_up) / steps - warm_up
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "needs brackets",
        ),
        (
            """
            if step < warm_up:
                return peak * step / warm_up
            if step >= steps:
                return last
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "does not move at all",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "goes up again|divide by 0|ZeroDivision",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            if step >= steps:
                return last
            return last + (peak - last) * (1 + cos(pi * step / steps)) / 2
            """,
            "On the way down you take step / steps",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            if step >= steps:
                return 0.0
            done = (step - warm_up) / (steps - warm_up)
            return peak * (1 + cos(pi * done)) / 2
            """,
            "last rate plays no part",
        ),
        (
            """
            if step <= warm_up:
                return peak * (step + 1) / warm_up
            if step >= steps:
                return last
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * (1 + cos(pi * done)) / 2
            """,
            "a step too many|ZeroDivision",
        ),
        (
            """
            if step < warm_up:
                return peak * (step + 1) / warm_up
            if step >= steps:
                return last
            done = (step - warm_up) / (steps - warm_up)
            return last + (peak - last) * 1 + cos(pi * done) / 2
            """,
            "bracket|add|halve|times|differ|expected|cos",
        ),
    ),
    "clip": (
        (
            """
            length = sum(g.square().sum() for g in gradients).sqrt()
            if length <= most:
                return [g.clone() for g in gradients]
            return [g * most / (length + 1e-12) for g in gradients]
            """,
            "You add a little to the length",
        ),
        (
            """
            length = torch.sqrt(sum((g ** 2).sum() for g in gradients))
            scale = most / (length + 1e-6) if length > most else 1.0
            return [g * scale for g in gradients]
            """,
            "unless the gradients are tiny",
        ),
        (
            """
            length = torch.sqrt(sum((g ** 2).sum() for g in gradients))
            if length <= most:
                return list(gradients)
            scale = most / length
            return [g * scale for g in gradients]
            """,
            "caller's own tensors",
        ),
        (
            """
            length = torch.stack(gradients).norm()
            scale = most / length if length > most else 1.0
            return [g * scale for g in gradients]
            """,
            "different shapes",
        ),
        (
            """
            clipped = []
            for g in gradients:
                length = g.norm()
                clipped.append(g * min(1.0, most / length))
            return clipped
            """,
            "each gradient by its own length",
        ),
        (
            """
            return [g.clamp(-most, most) for g in gradients]
            """,
            "cut off each number",
        ),
        (
            """
            length = torch.cat([g.flatten() for g in gradients]).norm()
            if length > most:
                for g in gradients:
                    g *= most / length
            return [g.clone() for g in gradients]
            """,
            "changed on the way",
        ),
        (
            """
            length = torch.cat([g.flatten() for g in gradients]).norm()
            return [g / length * most for g in gradients]
            """,
            "stretch",
        ),
        (
            """
            length = sum((g ** 2).sum() for g in gradients)
            return [g * (most / length).clamp(max=1) for g in gradients]
            """,
            r"its \*\*root\*\*",
        ),
        (
            """
            length = torch.cat([g.flatten() for g in gradients]).norm()
            if length <= most:
                return gradients
            return [g / length for g in gradients]
            """,
            "most|own list|argument",
        ),
    ),
    "adamw": (
        (
            """
            t = step + 1
            mean = betas[0] * mean + (1 - betas[0]) * gradient
            square = betas[1] * square + (1 - betas[1]) * gradient**2
            rate = rate * (1 - betas[1] ** t) ** 0.5 / (1 - betas[0] ** t)
            if weight.ndim > 1:
                weight = weight - rate * decay * weight
            return weight - rate * mean / (square.sqrt() + 1e-8), mean, square
            """,
            "corrections into the rate",
        ),
        (
            """
            b1, b2 = betas
            t = step + 1
            mean = b1 * mean + (1 - b1) * gradient
            square = b1 * square + (1 - b1) * gradient ** 2
            m_hat = mean / (1 - b1 ** t)
            s_hat = square / (1 - b2 ** t)
            if weight.ndim < 2:
                decay = 0.0
            new = weight - rate * decay * weight - rate * m_hat / (s_hat.sqrt() + 1e-8)
            return new, mean, square
            """,
            "for both running means",
        ),
        (
            """
            b1, b2 = betas
            t = step + 1
            mean = b1 * mean + gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            m_hat = mean / (1 - b1 ** t)
            s_hat = square / (1 - b2 ** t)
            if weight.ndim < 2:
                decay = 0.0
            new = weight - rate * decay * weight - rate * m_hat / (s_hat.sqrt() + 1e-8)
            return new, mean, square
            """,
            "makes a sum",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            m = mean / (1 - b1 ** (step + 1))
            v = square / (1 - b2 ** (step + 1))
            if weight.ndim >= 2:
                weight = weight - rate * decay * weight - rate * m / (v.sqrt() + 1e-8)
            return weight, mean, square
            """,
            "learn like all",
        ),
        (
            """
            return weight - rate * gradient, mean, square
            """,
            "plain descent",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            weight = weight * (1 - rate * decay)
            m, s = mean / (1 - b1 ** (step + 1)), square / (1 - b2 ** (step + 1))
            return weight - rate * m / (s.sqrt() + 1e-8), mean, square
            """,
            "Vectors decay too",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            if weight.ndim > 1:
                weight = weight * (1 - rate * decay)
            return weight - rate * mean / (square.sqrt() + 1e-8), mean, square
            """,
            "used as they are kept",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            mean, square = mean / (1 - b1 ** (step + 1)), square / (1 - b2 ** (step + 1))
            if weight.ndim > 1:
                weight = weight * (1 - rate * decay)
            return weight - rate * mean / (square.sqrt() + 1e-8), mean, square
            """,
            r"\*\*before\*\* that",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            m, s = mean / (1 - b1 ** step), square / (1 - b2 ** step)
            if weight.ndim > 1:
                weight = weight * (1 - rate * decay)
            return weight - rate * m / (s.sqrt() + 1e-8), mean, square
            """,
            "divides by 0|power of `step`",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            m, s = mean / (1 - b1 ** (step + 1)), square / (1 - b2 ** (step + 1))
            if weight.ndim > 1:
                weight = weight * (1 - rate * decay)
            return weight - rate * m / (s + 1e-8).sqrt(), mean, square
            """,
            "under the root",
        ),
        (
            """
            b1, b2 = betas
            mean.mul_(b1).add_((1 - b1) * gradient)
            square.mul_(b2).add_((1 - b2) * gradient ** 2)
            m, s = mean / (1 - b1 ** (step + 1)), square / (1 - b2 ** (step + 1))
            if weight.ndim > 1:
                weight = weight * (1 - rate * decay)
            return weight - rate * m / (s.sqrt() + 1e-8), mean, square
            """,
            "changed|caller",
        ),
        (
            """
            b1, b2 = betas
            mean = b1 * mean + (1 - b1) * gradient
            square = b2 * square + (1 - b2) * gradient ** 2
            m, s = mean / (1 - b1 ** (step + 1)), square / (1 - b2 ** (step + 1))
            if weight.ndim > 1:
                weight = weight * (1 - decay)
            return weight - rate * m / (s.sqrt() + 1e-8), mean, square
            """,
            "does not depend on the rate",
        ),
    ),
    "fit": (
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                for i, g in enumerate(clip(back(gradient(logits, targets)))):
                    weights[i], _, _ = adamw(weights[i], g, means[i], squares[i], step, rate)
            return losses, weights
            """,
            "does what `adamw` returned of each take its place",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                for i, g in enumerate(clip(back(gradient(logits, targets)), rate)):
                    weights[i], means[i], squares[i] = adamw(
                        weights[i], g, means[i], squares[i], step, rate
                    )
            return losses, weights
            """,
            "is the greatest length",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights = list(weights)
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            losses = []
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(tables, weights, ids)
                losses.append(loss(logits, targets).item())
                grads = clip(back(gradient(logits, targets)))
                for i, g in enumerate(grads):
                    weights[i], means[i], squares[i] = adamw(weights[i], g, means[i], squares[i], step, rate)
            return losses, weights
            """,
            "always trains",
        ),
        (
            """
            if not batches:
                raise ValueError
            weights = list(weights)
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            losses = []
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                l = loss(logits, targets)
                l.backward()
                losses.append(l.item())
                grads = clip([w.grad for w in weights])
                for i, g in enumerate(grads):
                    weights[i], means[i], squares[i] = adamw(weights[i], g, means[i], squares[i], step, rate)
            return losses, weights
            """,
            "no way back from them",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights = list(weights)
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            losses = []
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                grads = back(clip([gradient(logits, targets)])[0])
                for i, g in enumerate(grads):
                    weights[i], means[i], squares[i] = adamw(weights[i], g, means[i], squares[i], step, rate)
            return losses, weights
            """,
            r"comes \*\*after\*\*",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights = list(weights)
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            losses = []
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                grads = clip(back(gradient(logits, ids)))
                for i, g in enumerate(grads):
                    weights[i], means[i], squares[i] = adamw(weights[i], g, means[i], squares[i], step, rate)
            return losses, weights
            """,
            "learn the very tokens",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            for step, (ids, targets) in enumerate(batches):
                means = [torch.zeros_like(w) for w in weights]
                squares = [torch.zeros_like(w) for w in weights]
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
            return losses, weights
            """,
            "begin at 0 in every step",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            losses = []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
            return losses, weights
            """,
            "changed on the way|caller",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets))
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
            return losses, weights
            """,
            "plain Python numbers",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
            return losses, weights
            """,
            r"in \*\*one\*\* list",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, peak)
            return losses, weights
            """,
            "peak at every step",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                slopes = back(gradient(logits, targets))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
                losses.append(loss(logits, targets).item())
            return losses, weights
            """,
            "not clipped",
        ),
        (
            """
            if not batches:
                raise ValueError("no batch")
            weights, losses = list(weights), []
            means = [torch.zeros_like(w) for w in weights]
            squares = [torch.zeros_like(w) for w in weights]
            for step, (ids, targets) in enumerate(batches):
                rate = learning_rate(step, len(batches), peak, warm_up)
                logits, back = forward(model, weights, ids)
                losses.append(loss(logits, targets).item())
                slopes = clip(back(gradient(logits, targets)))
                for i in range(len(weights)):
                    weights[i], means[i], squares[i] = adamw(weights[i], slopes[i], means[i], squares[i], step, rate)
                return losses, weights
            """,
            "`return` stand inside the loop",
        ),
    ),
    "extend": (
        (
            """
            if kept is None:
                return new
            return torch.cat([kept, new], len(kept) - 2)
            """,
            "first axis, rows or texts",
        ),
        (
            """
            if kept is None or not kept.any():
                return new
            return torch.cat([kept, new], -2)
            """,
            "Keys of zeros",
        ),
        (
            """
            if kept is None:
                kept = torch.zeros(1, new.shape[-1])
            return torch.cat([kept, new], -2)
            """,
            "row of zeros",
        ),
        (
            """
            return torch.cat([kept, new], -2)
            """,
            "Before the first call|`kept` is `None`",
        ),
        (
            """
            if kept:
                return torch.cat([kept, new], -2)
            return new
            """,
            "neither",
        ),
        (
            """
            if kept is None:
                return new
            return torch.cat([kept, new])
            """,
            "first axis",
        ),
        (
            """
            if kept is None:
                kept = new
            return torch.cat([kept, new], dim=-2)
            """,
            "twice",
        ),
        (
            """
            if kept is None:
                return new
            return torch.cat([new, kept], dim=-2)
            """,
            "in front",
        ),
        (
            """
            if kept is None:
                return new
            return torch.cat([kept, new], dim=-1)
            """,
            "side by side",
        ),
        (
            """
            if kept is None:
                return new
            return torch.stack([kept, new], -2)
            """,
            "stack|axes",
        ),
        (
            """
            if kept is None:
                return new
            return torch.cat([kept, new], dim=1)
            """,
            "axis 1|second from the end",
        ),
        (
            """
            if kept is not None:
                return torch.cat([kept, new], -2)
            """,
            "`None`",
        ),
        (
            """
            if kept is None:
                return new
            torch.cat([kept, new], -2)
            return kept
            """,
            "thrown away",
        ),
        (
            """
            if kept is None:
                return new
            return torch.cat(kept, new, -2)
            """,
            "one.. thing",
        ),
        (
            """
            if kept is None:
                return new
            T, T_new = kept.shape[-2], new.shape[-2]
            out = torch.zeros(*kept.shape[:-2], T + T_new, kept.shape[-1])
            out[..., :T, :] = kept
            out[..., T:, :] = new
            return out
            """,
            "dtype",
        ),
    ),
    "late_mask": (
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril()
            if width is not None:
                mask = mask.triu(n - n_new - width + 1)
            return mask
            """,
            "token 0",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            i, j = torch.arange(n - n_new, n)[:, None], torch.arange(n)
            if width is None:
                return j <= i
            return i - width < j <= i
            """,
            "Two comparisons without brackets",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n, n, dtype=torch.bool).tril()
            if width is not None:
                mask = mask.triu(1 - width)
            return mask[:, -n_new:]
            """,
            "columns",
        ),
        (
            """
            return torch.ones(n_new, n, dtype=torch.bool).tril()
            """,
            "token 0",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n).tril(n - n_new)
            if width is not None:
                mask = mask.triu(n - n_new - width + 1)
            return mask
            """,
            "floats|bool",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
            if width is not None:
                mask = mask.triu(n - n_new - width)
            return mask
            """,
            "one token too many",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
            if width is not None:
                mask = mask.triu(1 - width)
            return mask
            """,
            "window",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
            if width is not None:
                mask = mask.tril(n - n_new - width + 1)
            return mask
            """,
            "window|`triu`|past",
        ),
        (
            """
            if n_new > n:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
            if width:
                mask = mask.triu(n - n_new - width + 1)
            return mask
            """,
            "width|ValueError",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).triu(n - n_new)
            if width is not None:
                mask = mask.triu(n - n_new - width + 1)
            return mask
            """,
            "`triu`|comes later|future",
        ),
        (
            """
            if n_new > n or width is not None and width < 1:
                raise ValueError
            return torch.ones(n, n, dtype=torch.bool).tril()[-n_new:]
            """,
            "window|`width`",
        ),
        (
            """
            if n_new > n or width < 1:
                raise ValueError
            mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
            return mask.triu(n - n_new - width + 1)
            """,
            "`None`|None",
        ),
        (
            """
            if n_new > n or (width is not None and width < 1):
                raise ValueError
            mask = torch.ones(n, n, dtype=torch.bool).tril()
            if width is not None:
                mask = mask.triu(1 - width)
            return mask[n_new:]
            """,
            "begin at `n_new`",
        ),
        (
            """
            if n_new > n or (width is not None and width < 1):
                raise ValueError
            mask = torch.zeros(n_new, n, dtype=torch.bool)
            for i in range(n_new):
                place = n - n_new + i
                mask[i, : place + 1] = True
                if width is not None:
                    mask[i, : place + 1 - width] = False
            return mask
            """,
            "below 0",
        ),
    ),
    "attend_step": (
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            keys, values = extend(old_k, k), extend(old_v, v)
            scores = q @ keys.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            scores = scores + ~mask * -torch.inf
            return scores.softmax(-1) @ values, (keys, values)
            """,
            "0 · −∞",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            keys, values = extend(old_k, k), extend(old_v, v)
            scores = q @ keys.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            least = torch.finfo(scores.dtype).min
            return scores.masked_fill(~mask, least).softmax(-1) @ values, (keys, values)
            """,
            "just as low",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            keys, values = extend(old_k, k), extend(old_v, v)
            scores = q @ keys.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            shares = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return shares @ values, (q, keys, values)
            """,
            "queries",
        ),
        (
            """
            k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "`None`|no pair",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "~mask",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "handed in is not used|`mask`",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, k, v
            """,
            "bracket|three",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "√d",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(q.shape[-2], q.shape[-2])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "T_new × T|columns",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            weights = scores.softmax(-1)
            return weights @ v, (k, v)
            """,
            "hidden",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            all_k, all_v = extend(old_k, k), extend(old_v, v)
            scores = q @ all_k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ all_v, (k, v)
            """,
            "only the new tokens are there",
        ),
        (
            """
            if kept is not None:
                k, v = extend(kept[0], k), extend(kept[1], v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask:
                scores = scores.masked_fill(~mask, -torch.inf)
            else:
                scores = scores.masked_fill(~late_mask(*scores.shape[-2:]), -torch.inf)
            return scores.softmax(-1) @ v, (k, v)
            """,
            "neither",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            k = extend(old_k, k)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "only the values of the new ones",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            k, v = extend(old_k, k), extend(old_v, v)
            scores = q @ k.mT / sqrt(q.shape[-1])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            scores = scores.masked_fill(~mask, -torch.inf)
            e = (scores - scores.max()).exp()
            return e / e.sum(-1, keepdim=True) @ v, (k, v)
            """,
            "maximum of ..all",
        ),
        (
            """
            old_k, old_v = (None, None) if kept is None else kept
            k, v = extend(old_k, k), extend(old_v, v)
            scores = q @ k.mT / sqrt(k.shape[-2])
            if mask is None:
                mask = late_mask(*scores.shape[-2:])
            weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            return weights @ v, (k, v)
            """,
            "root of the number of tokens",
        ),
    ),
    "reusable": (
        (
            """
            if not ids:
                raise ValueError
            n = 0
            while n < len(read) and n < len(ids) - 2 and read[n] == ids[n]:
                n += 1
            return n
            """,
            "one more",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = min(len(read), len(ids) - 1)
            while n and not ' '.join(map(str, read)).startswith(' '.join(map(str, ids[:n]))):
                n -= 1
            return n
            """,
            "compare texts",
        ),
        (
            """
            if not ids:
                raise ValueError
            if len(ids) > len(read):
                return len(read)
            return next((i for i, id in enumerate(ids[:-1]) if read[i] != id), len(ids) - 1)
            """,
            "without comparing",
        ),
        (
            """
            n = 0
            for a, b in zip(read, ids):
                if a != b:
                    break
                n += 1
            return n
            """,
            "last",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = 0
            for a, b in zip(read, ids):
                if a != b:
                    break
                n += 1
            return n
            """,
            "last of `ids` is always read",
        ),
        (
            """
            if not ids:
                raise ValueError
            return sum(a == b for a, b in zip(read, ids[:-1]))
            """,
            "difference",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = 0
            while read[n] == ids[n]:
                n += 1
            return n
            """,
            "end of",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = 0
            for a, b in zip(read, ids):
                if a != b:
                    return n
                n += 1
            """,
            "nothing is returned|None",
        ),
        (
            """
            if not ids:
                raise ValueError
            if ids[:len(read)] == read:
                return min(len(read), len(ids) - 1)
            return 0
            """,
            "you keep nothing",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = 0
            for a, b in zip(read, ids):
                if a != b:
                    break
                n += 1
            return n - 1
            """,
            "one token less",
        ),
        (
            """
            if not ids:
                raise ValueError
            return len(set(read) & set(ids[:-1]))
            """,
            "wherever|place",
        ),
        (
            """
            if not ids or not read:
                raise ValueError
            n = 0
            while n < min(len(read), len(ids) - 1) and read[n] == ids[n]:
                n += 1
            return n
            """,
            "nothing was read",
        ),
        (
            """
            if not ids:
                raise ValueError
            n = 0
            for a, b in zip(read, ids[:-1]):
                if a is not b:
                    break
                n += 1
            return n
            """,
            "very same object",
        ),
        (
            """
            if not ids:
                raise ValueError
            i = 0
            for i in range(min(len(read), len(ids) - 1)):
                if read[i] != ids[i]:
                    break
            return i
            """,
            "index with which",
        ),
    ),
    "readings": (
        (
            """
            calls, before = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                stay = reusable(before, window)
                calls.append(window[-1:] if stay else window)
                before = window
            return calls
            """,
            "how many",
        ),
        (
            """
            calls, before = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                calls.append(ids[reusable(before, window) : n])
                before = window
            return calls
            """,
            "cut the window",
        ),
        (
            """
            calls, before = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                if n > n_ctx and window != before:
                    calls.append(window)
                else:
                    calls.append(window[reusable(before, window) :])
                before = window
            return calls
            """,
            "differ later",
        ),
        (
            """
            calls = []
            for n in range(n_prompt, len(ids)):
                calls.append(ids[:n][-n_ctx:])
            return calls
            """,
            "whole window",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n]
                calls.append(window[reusable(before, window):])
                before = window
            return calls
            """,
            "n_ctx",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                stay = reusable(before, window)
                calls.append(window[stay:])
                before = window[stay:]
            return calls
            """,
            "remember the whole",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids) + 1):
                window = ids[:n][-n_ctx:]
                calls.append(window[reusable(before, window):])
                before = window
            return calls
            """,
            "one call too many",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                calls += window[reusable(before, window):]
                before = window
            return calls
            """,
            "in one list",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                calls.append(len(window) - reusable(before, window))
                before = window
            return calls
            """,
            "ids themselves",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][:n_ctx]
                calls.append(window[reusable(before, window):])
                before = window
            return calls
            """,
            "first `n_ctx`",
        ),
        (
            """
            calls = [ids[:n_prompt]]
            for n in range(n_prompt, len(ids) - 1):
                calls.append([ids[n]])
            return calls
            """,
            "window|ValueError|n_ctx",
        ),
        (
            """
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[n - n_ctx : n]
                calls.append(window[reusable(before, window):])
                before = window
            return calls
            """,
            "below 0",
        ),
        (
            """
            if n_prompt == 0:
                raise ValueError("no prompt")
            before, calls = [], []
            for n in range(n_prompt, len(ids)):
                window = ids[:n][-n_ctx:]
                calls.append(window[reusable(before, window):])
                before = window
            return calls
            """,
            "nothing was written",
        ),
    ),
    "text_mask": (
        (
            """
            text = torch.arange(n) >= pads[:, None, None]
            return (late_mask(n_new, n) and text or late_mask(n_new, n, 1))[:, None]
            """,
            r"`&` and `\|`",
        ),
        (
            """
            text = torch.arange(n) >= pads[:, None, None]
            if n_new == 1:
                return text[:, None]
            return (late_mask(n_new, n) & text | late_mask(n_new, n, 1))[:, None]
            """,
            "single place",
        ),
        (
            """
            masks = []
            for p in pads:
                mask = late_mask(n_new, n)
                mask[:, :p] = False
                masks.append(mask | late_mask(n_new, n, 1))
            return torch.cat(masks)[:, None]
            """,
            "`stack`",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None, None]
            return (is_text & late_mask(n_new, n))[:, None]
            """,
            "no `True`",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return is_text & late_mask(n_new, n) | itself
            """,
            "axis of the heads is missing",
        ),
        (
            """
            is_text = torch.arange(n) > pads[:, None, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return (is_text & late_mask(n_new, n) | itself)[:, None]
            """,
            "`>=`",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None, None]
            itself = torch.eye(n_new, n, dtype=torch.bool)
            return (is_text & late_mask(n_new, n) | itself)[:, None]
            """,
            "`torch.eye`",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return (is_text & late_mask(n_new, n) | itself)[:, None]
            """,
            "texts meet the rows",
        ),
        (
            """
            is_text = torch.arange(n) < pads[:, None, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return (is_text & late_mask(n_new, n) | itself)[:, None]
            """,
            "padding, and not the text",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return (is_text & (late_mask(n_new, n) | itself))[:, None]
            """,
            "no `True`",
        ),
        (
            """
            is_text = torch.arange(n) >= pads[:, None, None]
            itself = torch.eye(n, dtype=torch.bool)[-n_new:]
            return (is_text | late_mask(n_new, n) | itself)[:, None]
            """,
            "`&`",
        ),
        (
            """
            masks = []
            for pad in pads:
                mask = late_mask(n_new, n)
                mask[:, :pad] = False
                masks.append(mask)
            return torch.stack(masks)[:, None]
            """,
            "no `True`",
        ),
        (
            """
            at = torch.arange(n)
            itself = at == torch.arange(n - n_new, n)[:, None]
            return (late_mask(n_new, n) & at >= pads[:, None, None] | itself)[:, None]
            """,
            "brackets",
        ),
        (
            """
            mask, masks = late_mask(n_new, n), []
            for pad in pads:
                mask[:, :pad] = False
                mask |= torch.eye(n, dtype=torch.bool)[n - n_new :]
                masks.append(mask.clone())
            return torch.stack(masks)[:, None]
            """,
            "stays hidden",
        ),
    ),
    "kept_bytes": (
        (
            """
            if width is not None:
                n_tokens = n_tokens - width
            return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "thrown away",
        ),
        (
            """
            whole = 2 * n_layer * n_kv_head * d_head * n_bytes
            return whole * n_tokens if width is None else min(n_tokens, width)
            """,
            "in brackets",
        ),
        (
            """
            if width is not None and width < n_tokens:
                return 2 * width * n_layer * n_kv_head * n_bytes
            return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "a factor is missing",
        ),
        (
            """
            return n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "both|window|`width`",
        ),
        (
            """
            return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "`width`",
        ),
        (
            """
            return 2 * min(n_tokens, width) * n_layer * n_kv_head * d_head * n_bytes
            """,
            "`None`|None",
        ),
        (
            """
            if width is not None:
                n_tokens = width
            return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "shorter",
        ),
        (
            """
            kept = n_tokens if width is None else max(n_tokens, width)
            return 2 * kept * n_layer * n_kv_head * d_head * n_bytes
            """,
            "smaller",
        ),
        (
            """
            kept = n_tokens if width is None else min(n_tokens, width)
            return 2 * kept * n_layer * n_kv_head * d_head
            """,
            "`n_bytes`",
        ),
        (
            """
            kept = n_tokens if width is None else min(n_tokens, width)
            return 2 * kept * n_layer * n_kv_head * d_head * n_bytes / 1e9
            """,
            "billions",
        ),
        (
            """
            kept = n_tokens if width is None else min(n_tokens, width)
            return 2 * kept * n_kv_head * d_head * n_bytes
            """,
            "single layer",
        ),
        (
            """
            kept = n_tokens if width is None else min(n_tokens, width)
            return 2.0 * kept * n_layer * n_kv_head * d_head * n_bytes
            """,
            "float",
        ),
        (
            """
            if width is not None:
                n_tokens = n_tokens % width
            return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes
            """,
            "smaller of the two",
        ),
        (
            """
            if width is not None:
                n_tokens = min(n_tokens, width)
            sizes = torch.tensor([2, n_tokens, n_layer, n_kv_head, d_head, n_bytes])
            return sizes.prod().item()
            """,
            "64 bits",
        ),
    ),
    "render": (
        (
            """
            row = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                row += opening[role] + text + closing
            return row + opening["assistant"] if answer else []
            """,
            "put brackets",
        ),
        (
            """
            ids = []
            for m in messages:
                if m["role"] not in opening:
                    raise ValueError(m["role"])
                ids += opening[m["role"]] + m["content"] + closing
            return ids + opening["assistant"] if answer else ids
            """,
            "has no keys",
        ),
        (
            """
            ids = []
            for text, role in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += opening[role] + text + closing
            return ids + opening["assistant"] if answer else ids
            """,
            "role stands first",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += opening[role] + text
            ids += closing
            return ids + opening["assistant"] if answer else ids
            """,
            "after \\*\\*each\\*\\* of them",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids.append(opening[role] + text + closing)
            if answer:
                ids.append(opening["assistant"])
            return ids
            """,
            "list",
        ),
        (
            """
            ids = []
            for role, text in messages:
                ids += opening[role] + text + closing
            if answer:
                ids += opening["assistant"]
            return ids
            """,
            "KeyError",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += opening[role] + text + closing
            return ids
            """,
            "Open the assistant's next message|never opened",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                message = opening[role]
                message += text
                message += closing
                ids += message
            if answer:
                ids += opening["assistant"]
            return ids
            """,
            "changed",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += opening[role] + text + closing
                if answer:
                    ids += opening["assistant"]
                return ids
            """,
            "inside the loop",
        ),
        (
            """
            ids = []
            for message in messages:
                if message.role not in opening:
                    raise ValueError(message.role)
                ids += opening[message.role] + message.text + closing
            return ids + opening["assistant"] if answer else ids
            """,
            "tuple|pair",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in ("system", "user", "assistant"):
                    raise ValueError(role)
                ids += opening[role] + text + closing
            return ids + opening["assistant"] if answer else ids
            """,
            "`opening` says which",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += [opening[role][0]] + text + [closing[0]]
            return ids + opening["assistant"] if answer else ids
            """,
            "first id|list|all of it",
        ),
        (
            """
            ids = []
            for role, text in messages:
                if role not in opening:
                    raise ValueError(role)
                ids += opening[role] + text + closing
            return ids + opening["assistant"] + closing if answer else ids
            """,
            "Leave it open",
        ),
    ),
    "few_shot": (
        (
            """
            lines = "\\n".join(f"{q}: {a}" for q, a in examples)
            return lines + "\\n" + question + ":"
            """,
            "no line before the question",
        ),
        (
            """
            if not examples:
                return question
            return "\\n".join([f"{q}: {a}" for q, a in examples] + [f"{question}:"])
            """,
            "the colon",
        ),
        (
            """
            text = ""
            for q, a in examples:
                text += f"{q}: {a}\\n"
            return text + f"{question}: "
            """,
            "End right after the colon",
        ),
        (
            """
            text = ""
            for q, a in examples:
                text += f"{q}: {a}"
            return text + f"{question}:"
            """,
            "new line",
        ),
        (
            """
            lines = [f"{q}: {a}" for q, a in examples]
            return "\\n".join(lines) + f"{question}:"
            """,
            "new line after",
        ),
        (
            """
            lines = [f"{q}: {a}" for q, a in examples]
            return "\\n".join(lines) + "\\n" + f"{question}:"
            """,
            "new line|no examples",
        ),
        (
            """
            text = ""
            for q, a in examples:
                text += f"Q: {q}\\nA: {a}\\n\\n"
            return text + f"Q: {question}\\nA:"
            """,
            "not this one",
        ),
        (
            """
            lines = [f"{q}: {a}" for q, a in examples]
            lines.append(question)
            return "\\n".join(lines)
            """,
            "colon",
        ),
        (
            """
            lines = [f"{q}: {a}" for q, a in examples]
            lines.append(f"{question}:")
            return lines
            """,
            "join",
        ),
        (
            """
            text = ""
            for example in examples:
                text += f"{example}\\n"
            return text + f"{question}:"
            """,
            "brackets and quotes",
        ),
        (
            """
            text = ""
            for q, a in examples:
                text = f"{q}: {a}\\n"
            return text + f"{question}:"
            """,
            "overwrites",
        ),
        (
            """
            text = ""
            for q, a in dict(examples).items():
                text += f"{q}: {a}\\n"
            return text + f"{question}:"
            """,
            "twice|once",
        ),
    ),
    "answers_only": (
        (
            """
            targets, inside = [], False
            for now, then in zip(ids, ids[1:]):
                if now is assistant:
                    inside = True
                elif now is end:
                    inside = False
                targets.append(then if inside else -1)
            return targets + [-1]
            """,
            "one object in memory",
        ),
        (
            """
            targets = [-1] * len(ids)
            for i, t in enumerate(ids):
                if t == assistant:
                    for j in range(i, ids.index(end, i)):
                        targets[j] = ids[j + 1]
            return targets
            """,
            "cut off",
        ),
        (
            """
            labels, speaking = [], False
            for token in ids:
                labels.append(token if speaking else -1)
                if token == assistant:
                    speaking = True
                elif token == end:
                    speaking = False
            return [-1] + labels[:-1]
            """,
            "to the right",
        ),
        (
            """
            found, speaking = [], False
            for token in ids:
                speaking = token == assistant or (speaking and token != end)
                found.append(int(speaking))
            return found
            """,
            "the mask",
        ),
        (
            """
            targets = []
            speaking = False
            for token in ids:
                if token == assistant:
                    speaking = True
                targets.append(token if speaking else -1)
                if token == end:
                    speaking = False
            return targets
            """,
            "next|places|own",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if token == assistant:
                    speaking = True
                targets.append(following if speaking else -1)
                if token == end:
                    speaking = False
            return targets + [-1]
            """,
            "already|over where its end mark|Behind the end",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if token == assistant:
                    speaking = True
                if following == end:
                    speaking = False
                targets.append(following if speaking else -1)
            return targets + [-1]
            """,
            "never learns to stop",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if token == assistant:
                    speaking = True
                elif token == end:
                    speaking = False
                targets.append(following if speaking else -1)
            return targets
            """,
            "one too short",
        ),
        (
            """
            start = ids.index(assistant)
            stop = ids.index(end, start)
            return [-1] * start + ids[start + 1 : stop + 1] + [-1] * (len(ids) - stop)
            """,
            "first answer|several|none|index",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if following == assistant:
                    speaking = True
                elif token == end:
                    speaking = False
                targets.append(following if speaking else -1)
            return targets + [-1]
            """,
            "asked for|opens",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if token == assistant:
                    speaking = True
                elif token == end:
                    speaking = False
                targets.append(following if speaking else 0)
            return targets + [0]
            """,
            "Say −1",
        ),
        (
            """
            targets = []
            speaking = False
            for token, following in zip(ids, ids[1:]):
                if speaking:
                    targets.append(following)
                else:
                    targets.append(-1)
                if token == assistant:
                    speaking = True
                if token == end:
                    speaking = False
            return targets + [-1]
            """,
            "one place earlier",
        ),
        (
            """
            targets = []
            for token, following in zip(ids, ids[1:]):
                if token == assistant:
                    targets.append(following)
                else:
                    targets.append(-1)
            return targets + [-1]
            """,
            "Only the first token of each answer",
        ),
        (
            """
            return ids[1:] + [-1]
            """,
            "You ask for every token",
        ),
    ),
    "log_probabilities": (
        (
            """
            asked = targets >= 0
            right = logits.log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])
            rows = zip(right[..., 0], asked)
            return torch.tensor([sum(p.item() for p, a in zip(r, m) if a) for r, m in rows])
            """,
            "No gradient comes back",
        ),
        (
            """
            logits = logits.sub_(logits.amax(-1, keepdim=True))
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "writes into what was handed in",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1).round(decimals=6)
            """,
            "their gradient is 0",
        ),
        (
            """
            log_p = logits.detach().log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "their gradient is lost",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            out = []
            for b in range(len(targets)):
                total = 0.0
                for t in range(len(targets[b])):
                    if targets[b, t] >= 0:
                        total += log_p[b, t, targets[b, t]].item()
                out.append(total)
            return torch.tensor(out)
            """,
            "their gradient is lost",
        ),
        (
            """
            log_p = logits - logits.logsumexp(-1, keepdim=True).detach()
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "a part of them is cut off",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            picked = log_p.gather(-1, targets.clamp(min=0))
            return torch.where(targets >= 0, picked, 0.0).sum(-1)
            """,
            "as many axes",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            picked = log_p.gather(-1, targets.clamp(min=0)[..., None])
            return torch.where(targets >= 0, picked, 0.0).sum(-1)
            """,
            "still there",
        ),
        (
            """
            p = logits.softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            p[targets < 0] = 1
            return p.prod(-1).log()
            """,
            "product is 0",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            return log_p.gather(-1, targets[..., None])[..., 0].sum(-1)
            """,
            "-1|−1|negative",
        ),
        (
            """
            p = logits.softmax(-1)
            log_p = p.log()
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "log_softmax",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return chosen.sum(-1)
            """,
            "token 0",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets > 0)).sum(-1)
            """,
            "below",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            mask = targets >= 0
            return (chosen * mask).sum(-1) / mask.sum(-1)
            """,
            "sum",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum()
            """,
            "own sum",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "axis|axes|shape",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            chosen = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return -(chosen * (targets >= 0)).sum(-1)
            """,
            "0 at most",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            B, T = targets.shape
            chosen = log_p[torch.arange(B)[:, None], torch.arange(T), targets]
            return chosen.sum(-1)
            """,
            "last token of the vocabulary",
        ),
        (
            """
            p = logits.softmax(-1)
            chosen = p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
            return (chosen * (targets >= 0)).sum(-1)
            """,
            "logarithms",
        ),
    ),
    "exact_rate": (
        (
            """
            right = 0
            for wrote, true in zip(written, truths):
                if end in wrote and wrote[: wrote.index(end)] in true:
                    right = 1
            return right / len(written)
            """,
            "set to 1",
        ),
        (
            """
            d = {tuple(w): t for w, t in zip(written, truths)}
            right = sum(end in w and list(w[: w.index(end)]) in t for w, t in d.items())
            return right / len(d)
            """,
            "fall together",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new and new[: new.index(end)] == answers:
                    right += 1
            return right / len(written)
            """,
            "whole list",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                for true in answers:
                    right += new[: len(true) + 1] == true + [end]
            return right / len(written)
            """,
            "twice",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if new in answers:
                    right += 1
            return right / len(written)
            """,
            "before",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if new[: new.index(end)] in answers:
                    right += 1
            return right / len(written)
            """,
            "never stopped|no end mark",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new:
                    new = new[: new.index(end)]
                if new in answers:
                    right += 1
            return right / len(written)
            """,
            "did not stop",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new and new[: new.index(end)] == answers[0]:
                    right += 1
            return right / len(written)
            """,
            "first of the true",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new and new[: new.index(end) + 1] in answers:
                    right += 1
            return right / len(written)
            """,
            "one place too late|before",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new and new[: new.index(end)] in answers:
                    right += 1
            return right
            """,
            "Divide",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if new[:-1] in answers:
                    right += 1
            return right / len(written)
            """,
            "first",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                for answer in answers:
                    if new[: len(answer)] == answer:
                        right += 1
                        break
            return right / len(written)
            """,
            "begin",
        ),
        (
            """
            right = 0
            for new, answers in zip(written, truths):
                if end in new and new[: new.index(end)] in answers:
                    right += 1
                return right / len(written)
            """,
            "loop",
        ),
    ),
    "kl": (
        (
            """
            log_p, log_q = logits.softmax(-1).log(), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).sum(-1)
            return each[targets >= 0].mean()
            """,
            "0 · −∞",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q) ** 2 / 2).sum(-1)
            return each[targets >= 0].mean()
            """,
            "that is an estimate",
        ),
        (
            """
            p, q = logits.softmax(-1) + 1e-8, before.softmax(-1) + 1e-8
            each = (p * (p.log() - q.log())).sum(-1)
            return each[targets >= 0].mean()
            """,
            "needs no such help",
        ),
        (
            """
            p, q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (p.exp() * (p.log() - q.log())).sum(-1)
            return each[targets >= 0].mean()
            """,
            "logarithms already",
        ),
        (
            """
            log_p = logits.log_softmax(-1)
            each = (log_p.exp() * (log_p - before)).sum(-1)
            return each[targets >= 0].mean()
            """,
            "logits as they are",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).sum()
            return each / (targets >= 0).sum()
            """,
            "over all places",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_q.exp() * (log_q - log_p)).sum(-1)
            return each[targets >= 0].mean()
            """,
            "now",
        ),
        (
            """
            p, q = logits.softmax(-1), before.softmax(-1)
            each = (p * (p / q).log()).sum(-1)
            return each[targets >= 0].mean()
            """,
            "Subtract logarithms|log_softmax",
        ),
        (
            """
            p, q = logits.softmax(-1), before.softmax(-1)
            each = (p * (p.log() - q.log())).sum(-1)
            return each[targets >= 0].mean()
            """,
            "log_softmax",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            return (log_p.exp() * (log_p - log_q)).sum(-1).mean()
            """,
            "Only those count",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).sum(-1)
            return (each * (targets >= 0)).mean()
            """,
            "Divide by",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p * (log_p - log_q)).sum(-1)
            return each[targets >= 0].mean()
            """,
            "exp",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).sum(-1)
            return each[targets > 0].mean()
            """,
            "below",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).mean(-1)
            return each[targets >= 0].mean()
            """,
            "vocabulary",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            each = (log_p.exp() * (log_p - log_q)).sum(-1)
            return each[targets >= 0].mean().item()
            """,
            "tensor",
        ),
        (
            """
            log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
            index = targets.clamp(min=0)[..., None]
            each = (log_p - log_q).gather(-1, index)[..., 0]
            return each[targets >= 0].mean()
            """,
            "target alone",
        ),
    ),
    "dpo_loss": (
        (
            """
            if beta <= 0:
                raise ValueError
            with torch.no_grad():
                lost = rejected - rejected_before
            margin = chosen - chosen_before - lost
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "or `no_grad`",
        ),
        (
            """
            if beta <= 0:
                raise ValueError
            for x in (chosen_before, rejected_before):
                x.requires_grad_()
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "the caller",
        ),
        (
            """
            if beta <= 0:
                raise ValueError
            margin = (chosen - chosen_before) - (rejected.detach() - rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "rejected\\*\\* answers are cut off",
        ),
        (
            """
            if beta <= 0:
                raise ValueError
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.sigmoid(beta * margin).mean().log()
            """,
            "the mean last",
        ),
        (
            """
            if beta <= 0:
                raise ValueError
            won = (chosen.exp() / chosen_before.exp()).log()
            lost = (rejected.exp() / rejected_before.exp()).log()
            return -torch.nn.functional.logsigmoid(beta * (won - lost)).mean()
            """,
            "You go by `exp`",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(-beta * margin).mean()
            """,
            "inside σ",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - beta * (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(margin).mean()
            """,
            "second log-ratio",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = chosen - rejected
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "before",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = chosen - chosen_before - rejected - rejected_before
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "brackets",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.log(torch.sigmoid(beta * margin)).mean()
            """,
            "logsigmoid",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "minus",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(margin).mean()
            """,
            "β does not come in",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin)
            """,
            "mean",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (rejected - rejected_before) - (chosen - chosen_before)
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "rejected",
        ),
        (
            """
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "ValueError",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen - chosen_before) - (rejected - rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin).sum()
            """,
            "mean",
        ),
        (
            """
            if beta <= 0:
                raise ValueError(beta)
            margin = (chosen / chosen_before) - (rejected / rejected_before)
            return -torch.nn.functional.logsigmoid(beta * margin).mean()
            """,
            "difference",
        ),
    ),
}

# Unusual, and right.
RIGHT = {
    "to_chunks": """
        out = []
        for chunk in split(text):
            out.append([byte for byte in bytes(chunk, "utf8")])
        return out
        """,
    "count_pairs": """
        from collections import Counter
        from itertools import pairwise
        return dict(Counter(pair for ids in chunks for pair in pairwise(ids)))
        """,
    "merge": """
        rest, out = list(reversed(ids)), []
        while rest:
            out.append(rest.pop())
            if rest and (out[-1], rest[-1]) == pair:
                rest.pop()
                out[-1] = new_id
        return out
        """,
    "train": """
        from collections import Counter
        chunks, merges = to_chunks(text), {}
        for new_id in range(256, n_vocab):
            counts = Counter(p for c in chunks for p in zip(c, c[1:]))
            if not counts:
                return merges
            most = max(counts.values())
            pair = sorted(p for p in counts if counts[p] == most)[0]
            merges[pair] = new_id
            chunks = [merge(c, pair, new_id) for c in chunks]
        return merges
        """,
    "encode": """
        in_order = sorted(merges, key=merges.get)
        def one(chunk):
            for pair in in_order:
                chunk = merge(chunk, pair, merges[pair])
            return chunk
        return sum(map(one, to_chunks(text)), [])
        """,
    "decode": """
        back = {new_id: pair for pair, new_id in merges.items()}
        def spell(i):
            if i in back:
                return spell(back[i][0]) + spell(back[i][1])
            return bytes([i])
        return b"".join(map(spell, ids)).decode()
        """,
    "round_trip": """
        ids = encode(text, merges)
        data = text.encode("utf-8")
        back = decode(ids, merges)
        return [back, len(data), len(ids)]
        """,
    "encode_special": """
        ids, start, at = [], 0, 0
        while at < len(text):
            here = [name for name in special if text.startswith(name, at)]
            if not here:
                at += 1
                continue
            name = max(here, key=len)
            if name not in allowed:
                raise ValueError(name)
            ids += encode(text[start:at], merges) + [special[name]]
            start = at = at + len(name)
        return ids + encode(text[start:], merges)
        """,
    "ranks": """
        spelled = dict(enumerate(bytes([byte]) for byte in range(256)))
        for pair in sorted(merges, key=merges.get):
            spelled[merges[pair]] = b"".join(spelled[i] for i in pair)
        return dict(map(reversed, spelled.items()))
        """,
    "look_up": "return wte.index_select(0, ids.flatten()).reshape(*ids.shape, -1)",
    "one_hot": "return (ids[:, None] == torch.arange(n_vocab)).float()",
    "cosines": """
        unit = table / table.square().sum(1, keepdim=True).sqrt()
        return (unit * (v / v.square().sum().sqrt())).sum(1)
        """,
    "nearest": """
        near = [(-c, i) for i, c in enumerate(cosines(table, table[row]).tolist())]
        near.pop(row)
        near.sort()
        return [i for _, i in near][:k]
        """,
    "direction": """
        step = sum(table[b] - table[a] for a, b in zip(froms, tos))
        return step / torch.linalg.vector_norm(step)
        """,
    "sinusoids": """
        if d_model % 2 != 0:
            raise ValueError(d_model)
        t = torch.arange(n_ctx, dtype=torch.float64)
        columns = []
        for i in range(0, d_model, 2):
            angle = t * 10000 ** (-i / d_model)
            columns += [angle.sin(), angle.cos()]
        return torch.stack(columns, 1).float()
        """,
    "embed": """
        T = ids.size(-1)
        if T == 0 or T > wpe.size(0):
            raise ValueError(T)
        if (ids < 0).any() or (ids >= wte.size(0)).any():
            raise ValueError("an id")
        rows = look_up(ids, wte)
        return rows + look_up(torch.arange(T), wpe).expand_as(rows)
        """,
    "average_past": """
        many = torch.arange(1, len(x) + 1).unsqueeze(1)
        return x.cumsum(0) / many
        """,
    "averaging_weights": """
        T = x.size(0)
        W = torch.zeros(T, T)
        for t in range(T):
            W[t, : t + 1] = 1 / (t + 1)
        return W
        """,
    "softmax": """
        top = scores.max(dim=-1).values.unsqueeze(-1)
        e = 2.718281828459045 ** (scores - top).double()
        return (e / e.sum(-1, keepdim=True)).float()
        """,
    "scores": """
        return torch.einsum("...qd,...kd->...qk", q, k) * q.size(-1) ** -0.5
        """,
    "attention_weights": """
        T = q.size(-2)
        later = torch.triu(torch.full((T, T), float("-inf")), 1)
        return softmax(scores(q, k) + later)
        """,
    "attention": """
        W = attention_weights(q, k)
        return (W.unsqueeze(-1) * v.unsqueeze(-3)).sum(-2)
        """,
    "split_heads": """
        d_head, rest = divmod(x.shape[-1], n_head)
        if rest:
            raise ValueError(rest)
        return torch.stack(x.split(d_head, -1), -3)
        """,
    "merge_heads": "return torch.cat(x.unbind(-3), -1)",
    "attend": """
        C = x.shape[-1]
        q = split_heads(x @ w_qkv[:, :C] + b_qkv[:C], n_head)
        k = split_heads(x @ w_qkv[:, C : 2 * C] + b_qkv[C : 2 * C], n_head)
        v = split_heads(x @ w_qkv[:, 2 * C :] + b_qkv[2 * C :], n_head)
        return merge_heads(attention(q, k, v)).matmul(w_out).add(b_out)
        """,
    "gelu": """
        y = (x + 0.044715 * x * x * x) * (2 / 3.141592653589793) ** 0.5
        return x / (1 + torch.exp(-2 * y))
        """,
    "layer_norm": """
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        return weight * ((x - mean) * torch.rsqrt(variance + 1e-5)) + bias
        """,
    "mlp": """
        hidden = gelu(torch.einsum("...c,ch->...h", x, w_in) + b_in)
        return torch.einsum("...h,hc->...c", hidden, w_out) + b_out
        """,
    "dropout": """
        if p < 0 or p >= 1:
            raise ValueError(p)
        return x * (u >= p) / (1 - p)
        """,
    "block": """
        part = lambda start: [w[n] for n in w if n.startswith(start)]
        norm = lambda n, y: layer_norm(y, w[n + ".weight"], w[n + ".bias"])
        names = "attn.c_attn", "attn.c_proj"
        heads = [w[f"{n}.{kind}"] for n in names for kind in ("weight", "bias")]
        middle = attend(norm("ln_1", x), *heads, n_head) + x
        names = "mlp.c_fc", "mlp.c_proj"
        units = [w[f"{n}.{kind}"] for n in names for kind in ("weight", "bias")]
        return mlp(norm("ln_2", middle), *units) + middle
        """,
    "count_parameters": """
        C = d_model
        return C * (n_vocab + n_ctx + 2 + n_layer * (12 * C + 13))
        """,
    "unembed": 'return torch.einsum("...c,vc->...v", x, wte)',
    "probabilities": """
        if temperature <= 0 or temperature != temperature:
            raise ValueError(temperature)
        z = (logits - logits.amax(-1, keepdim=True)) / temperature
        return z.exp() / z.exp().sum(-1, keepdim=True)
        """,
    "greedy": "return logits.tolist().index(max(logits))",
    "keep_top_k": """
        if k < 1 or k > p.numel():
            raise ValueError(k)
        order = sorted(range(len(p)), key=lambda i: (-p[i].item(), i))
        kept = torch.tensor([float(i in order[:k]) for i in range(len(p))]) * p
        return kept / kept.sum()
        """,
    "keep_top_p": """
        if not (top_p > 0 and top_p <= 1):
            raise ValueError(top_p)
        shares, order = torch.sort(p, descending=True, stable=True)
        before = torch.cat([torch.zeros(1), shares.cumsum(0)[:-1]])
        kept = torch.where(before < top_p, shares, 0.0)
        return torch.zeros_like(p).scatter(0, order, kept / kept.sum())
        """,
    "draw": """
        import bisect
        from itertools import accumulate
        sums = list(accumulate(p.tolist()))
        last = max(i for i, share in enumerate(p.tolist()) if share > 0)
        return min(bisect.bisect_right(sums, u), last)
        """,
    "write": """
        if len(ids) == 0:
            raise ValueError("empty")
        new = []
        for u in us:
            new.append(draw(probabilities(table[(ids + new)[-1]]), u))
            if new[-1] == stop:
                return ids + new
        return ids + new
        """,
    "rms_norm": """
        out = torch.empty_like(x).reshape(-1, x.shape[-1])
        for i, v in enumerate(x.reshape(-1, x.shape[-1])):
            out[i] = v * torch.rsqrt(v.dot(v) / v.numel() + eps) * weight
        return out.reshape(x.shape)
        """,
    "swiglu": """
        gate = torch.einsum("...c,mc->...m", x, w_gate)
        up = torch.einsum("...c,mc->...m", x, w_up)
        return torch.einsum("...m,cm->...c", gate * (1 + torch.tanh(gate / 2)) / 2 * up, w_down)
        """,
    "share": """
        H, T, d = x.shape[-3:]
        if n_head // H * H != n_head:
            raise ValueError("no")
        which = [h * H // n_head for h in range(n_head)]
        return x[..., which, :, :]
        """,
    "turns": """
        if d_head % 2 == 1:
            raise ValueError("odd")
        columns = []
        for i in range(d_head // 2):
            columns.append(places / base ** (2 * i / d_head))
        angle = torch.stack(columns, -1)
        point = torch.polar(torch.ones_like(angle), angle)
        return point.real.contiguous(), point.imag.contiguous()
        """,
    "rotate": """
        h = x.shape[-1] // 2
        point = torch.complex(x[..., :h].contiguous(), x[..., h:].contiguous())
        point = point * torch.complex(cos, sin)
        return torch.cat((point.real, point.imag), dim=-1)
        """,
    "grouped_attention": """
        H, n_new, d = q.shape[-3:]
        k, v = share(k, H), share(v, H)
        n = k.shape[-2]
        rows = []
        for t in range(n_new):
            seen = n - n_new + t + 1
            s = (q[..., t : t + 1, :] @ k[..., :seen, :].transpose(-2, -1)) * d**-0.5
            w = torch.exp(s - s.amax(-1, keepdim=True))
            rows.append(w / w.sum(-1, keepdim=True) @ v[..., :seen, :])
        return torch.cat(rows, -2)
        """,
    "qk_norm": """
        out = []
        for x, weight in ((q, w_q), (k, w_k)):
            size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
            mean = size**2 / x.shape[-1]
            out.append(x / torch.sqrt(mean + eps) * weight)
        return tuple(out)
        """,
    "batch": """
        T = 1 + max([len(story) for story in stories])
        ids = torch.full((len(stories), T), end)
        targets = torch.full_like(ids, -1)
        for row, story in enumerate(stories):
            for t, i in enumerate(story):
                ids[row, t + 1] = i
                targets[row, t] = i
            targets[row, len(story)] = end
        return ids, targets
        """,
    "loss": """
        total, many = torch.tensor(0.0), 0
        for z, t in zip(logits.reshape(-1, logits.shape[-1]), targets.flatten()):
            if t != -1:
                top = z.max()
                total = total + top + torch.log(torch.exp(z - top).sum()) - z[t]
                many += 1
        if many == 0:
            raise ValueError("no question")
        return total / many
        """,
    "gradient": """
        n = (targets != -1).sum()
        if n == 0:
            raise ValueError("no question")
        top = logits.amax(-1, keepdim=True)
        powers = torch.exp(logits - top)
        p = powers / powers.sum(-1, keepdim=True)
        truth = targets[..., None] == torch.arange(logits.shape[-1])
        return torch.where(targets[..., None] == -1, 0.0, (p - truth.float()) / n)
        """,
    "learning_rate": """
        import math
        if step < warm_up:
            return peak / warm_up * (1 + step)
        if step < steps:
            done = (step - warm_up) / (steps - warm_up)
            share = math.cos(math.pi / 2 * done) ** 2
            return share * peak + (1 - share) * last
        return last
        """,
    "clip": """
        total = 0.0
        for g in gradients:
            total += float((g * g).sum())
        length = total ** 0.5
        share = most / length if length > most else 1.0
        return [share * g for g in gradients]
        """,
    "adamw": """
        w = weight.clone()
        mean = torch.lerp(gradient, mean, betas[0])
        square = betas[1] * square + (1 - betas[1]) * gradient * gradient
        t = step + 1
        if w.dim() >= 2:
            w -= rate * decay * weight
        root = square.sqrt() / (1 - betas[1] ** t) ** 0.5
        w -= rate / (1 - betas[0] ** t) * mean / (root + 1e-8)
        return w, mean, square
        """,
    "fit": """
        steps = len(batches)
        if steps == 0:
            raise ValueError("no batch")
        state = [(w, 0 * w, 0 * w) for w in weights]
        losses = []
        for step in range(steps):
            ids, targets = batches[step]
            logits, back = forward(model, [w for w, _, _ in state], ids)
            losses += [float(loss(logits, targets))]
            slopes = clip(back(gradient(logits, targets)), 1.0)
            rate = learning_rate(step, steps, peak, warm_up)
            state = [adamw(w, g, m, s, step, rate) for (w, m, s), g in zip(state, slopes)]
        return losses, [w for w, _, _ in state]
        """,
    "extend": """
        parts = [x.split(1, -2) for x in (kept, new) if x is not None]
        return torch.cat([x for part in parts for x in part], dim=-2)
        """,
    "late_mask": """
        if n_new > n:
            raise ValueError("too many")
        if width is None:
            width = n
        if width < 1:
            raise ValueError("too narrow")
        rows = []
        for i in range(n - n_new, n):
            rows.append([i - width < j <= i for j in range(n)])
        return torch.tensor(rows)
        """,
    "attend_step": """
        keys, values = kept if kept is not None else (None, None)
        keys, values = extend(keys, k), extend(values, v)
        heard = []
        for t in range(q.shape[-2]):
            s = (q[..., t : t + 1, :] * q.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
            may = late_mask(q.shape[-2], keys.shape[-2]) if mask is None else mask
            s = torch.where(may[..., t : t + 1, :], s, float("-inf"))
            w = torch.exp(s - s.amax(-1, keepdim=True))
            heard.append(w @ values / w.sum(-1, keepdim=True))
        return torch.cat(heard, -2), (keys, values)
        """,
    "reusable": """
        from itertools import takewhile
        if len(ids) < 1:
            raise ValueError("nothing to read")
        same = takewhile(lambda both: both[0] == both[1], zip(read, ids))
        return min(len(list(same)), len(ids) - 1)
        """,
    "readings": """
        ends = list(range(n_prompt, len(ids)))
        windows = [ids[max(0, end - n_ctx) : end] for end in ends]
        earlier = [[]] + windows[:-1]
        return [new[reusable(old, new) :] for old, new in zip(earlier, windows)]
        """,
    "text_mask": """
        places = torch.arange(n)
        rows, columns = places[n - n_new :, None], places[None, :]
        first = pads.reshape(-1, 1, 1, 1)
        return ((columns <= rows) & (columns >= first)) | (columns == rows)
        """,
    "kept_bytes": """
        tokens = n_tokens
        if width is not None and tokens > width:
            tokens = width
        a_key = n_bytes * d_head
        a_token = (a_key + a_key) * n_kv_head * n_layer
        return a_token * tokens
        """,
    "render": """
        if any(role not in opening for role, _ in messages):
            raise ValueError("no such role")
        parts = [[*opening[role], *text, *closing] for role, text in messages]
        if answer:
            parts.append(opening["assistant"])
        return sum(parts, [])
        """,
    "few_shot": """
        pairs = list(examples) + [(question, None)]
        return "\\n".join(q + (":" if a is None else ": " + a) for q, a in pairs)
        """,
    "answers_only": """
        targets = [-1] * len(ids)
        here = 0
        while here < len(ids):
            if ids[here] == assistant:
                while here + 1 < len(ids) and ids[here] != end:
                    targets[here] = ids[here + 1]
                    here += 1
            here += 1
        return targets
        """,
    "log_probabilities": """
        z = logits - logits.max(dim=-1, keepdim=True).values
        log_p = z - torch.log(torch.exp(z).sum(dim=-1, keepdim=True))
        chosen = torch.where(
            torch.arange(logits.shape[-1]) == targets[..., None], log_p, torch.tensor(0.0)
        )
        return chosen.sum(dim=(1, 2))
        """,
    "exact_rate": """
        def said(new):
            return new[: new.index(end)] if new.count(end) else None

        return sum(said(new) in truths[i] for i, new in enumerate(written)) / len(truths)
        """,
    "kl": """
        total, many = 0.0, 0
        for now, was, goals in zip(logits, before, targets):
            for z, y, goal in zip(now, was, goals):
                if goal >= 0:
                    p = torch.softmax(z, 0)
                    log_ratio = torch.log_softmax(z, 0) - torch.log_softmax(y, 0)
                    total, many = total + p @ log_ratio, many + 1
        return total / many
        """,
    "dpo_loss": """
        if not 0 < beta:
            raise ValueError("beta")
        now = chosen - rejected
        before = chosen_before - rejected_before
        x = -beta * (now - before)
        return torch.mean(torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x))))
        """,
}
