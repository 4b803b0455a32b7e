#!/usr/bin/env python3
"""Makes small tokenizers of the three kinds in use, and what the reference libraries make of texts with them.

Usage: python tokenizer.py FOLDER

Writes crates/models/vectors/tokenizers: `unigram` (as T5 has it, as tokenizer.json and as spiece.model), `bytes` (as
RoBERTa has it), `fallback` (as Gemma has it), and `expected.json`: for each the tokens of each text of TEXTS.

Made with sentencepiece 0.2 and tokenizers 0.23, which are called; nothing of them is copied.
"""

import io
import json
import os
import sys

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = """a slow piano ballad with warm strings and soft brushes on the snare
an upbeat eighties pop song with bright synthesizers, gated drums and a catchy chorus
rain on a tin roof, distant thunder, a dog barks twice
it's what we've got: they're loud, I'm quiet, you'll hear 120 bpm in 4/4 at 44100 Hz
lo-fi hip hop beat, dusty vinyl, mellow rhodes; don't stop the groove
orchestral crescendo, timpani roll, french horns, fortissimo, then silence
épic çello façade naïve über straße señor
медленная фортепианная баллада со струнными
ゆっくりしたピアノのバラード 慢速钢琴曲
धीमी पियानो धुन हिन्दी संगीत
موسيقى هادئة على البيانو שיר שקט בפסנתר
""".splitlines()

TEXTS = [
    "",
    " ",
    "a slow piano ballad",
    "  two  spaces,\tthen a tab\nand a line  ",
    "It's what we've got: they're LOUD, I'm quiet, you'll hear 120bpm in 4/4!!",
    "don't 'quote' it's'll 'rest 'Re",
    "e\u0301pic \u00e9pic c\u0327ello \ufb01ne \uff26\uff55\uff4c\uff4c width \u00bd \u2460 \u216b",
    "ゆっくりした ピアノ、慢速钢琴曲。",
    "धीमी पियानो धुन, हिन्दी संगीत १२३",
    "موسيقى هادئة على البيانو و שִׁיר שקט",
    "emoji \U0001f3b9\U0001f3b6 and \U0001f469\u200d\U0001f3a4 and \U0001f1e9\U0001f1ea \u2764\ufe0f!",
    "the end</s> is <unk> and <mask> or <extra_id_0>, <s> <pad>x",
    "a   b    c     d \u3000 e\u00a0f\u200bg",
    "\u2581under\u2581score ▁ _ __",
    "xylophonequartetzzzzzzqqqq" * 3,
    "Привет, мир! Медленная баллада.",
    "1234567890 ٣٤ ²³ 3.14 -- ... ---=== @#$%^&*()",
    "a\u0000b\u0007c",
]
# What a small table of characters replaces: single characters, pairs, one by several, one by nothing.
TABLE = {
    "\ufb01": "fi", "\u00bd": "1/2", "\u2460": "1", "\u3000": " ", "\u00a0": " ", "\u200b": " ", "\u0007": "",
    "e\u0301": "\u00e9", "c\u0327": "\u00e7", "\t": " ", "\n": " ", "\u216b": "XII", "A": "a", "I": "i", "L": "l",
}


def write_table(path):
    full = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
    with open(path, "w") as file:
        for key, value in {**TABLE, **full}.items():
            hexed = [" ".join(f"{ord(c):X}" for c in it) for it in (key, value)]
            file.write("\t".join(hexed) + "\n")


def unigram(place):
    """T5's: pieces with probabilities, a table of characters, three tokens first, a hundred at the end."""
    table = os.path.join(place, "table.tsv")
    write_table(table)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=300, hard_vocab_limit=False, model_type="unigram",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_tsv=table, character_coverage=0.98,
        minloglevel=2, num_threads=1)
    os.remove(table)
    with open(os.path.join(place, "spiece.model"), "wb") as file:
        file.write(model.getvalue())
    return as_tokenizer(model.getvalue())


def as_tokenizer(written):
    """A model of SentencePiece as T5's tokenizer.json has it."""
    proto = pb.ModelProto.FromString(written)
    pieces = [(it.piece, it.score) for it in proto.pieces]
    # Only the first few, which is enough to test and keeps the file small.
    extra = [f"<extra_id_{i}>" for i in range(3)]
    tokenizer = Tokenizer(models.Unigram(pieces + [(it, 0.0) for it in extra], unk_id=2, byte_fallback=False))
    if proto.normalizer_spec.precompiled_charsmap:
        tokenizer.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens([AddedToken(it, normalized=False) for it in ["<pad>", "</s>", "<unk>", *extra]])
    return tokenizer


def of_bytes():
    """RoBERTa's: bytes joined pair by pair."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = [AddedToken(it, normalized=True) for it in ["<s>", "<pad>", "</s>", "<unk>"]]
    special.append(AddedToken("<mask>", lstrip=True, normalized=True))
    trainer = trainers.BpeTrainer(vocab_size=420, show_progress=False, special_tokens=special,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def fallback():
    """Gemma's: characters joined pair by pair, bytes for those that are not known, runs of spaces as added tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=300, show_progress=False, special_tokens=special)
    tokenizer.train_from_iterator(CORPUS[:7], trainer)
    state = json.loads(tokenizer.to_str())
    vocab = state["model"]["vocab"]
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    runs = ["\n", "\n\n", "▁▁", "▁▁▁"]
    for run in runs:
        vocab.setdefault(run, len(vocab))
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_tokens([AddedToken(it, normalized=False) for it in runs[:2]])
    tokenizer.add_tokens([AddedToken(it, normalized=True) for it in runs[2:]])
    tokenizer.post_processor = processors.TemplateProcessing(single=["<bos>", "$A"], special_tokens=[("<bos>", 2)])
    return tokenizer


def main():
    (folder,) = sys.argv[1:]
    expected = {"texts": TEXTS}
    for name in ["unigram", "bytes", "fallback"]:
        place = os.path.join(folder, name)
        os.makedirs(place, exist_ok=True)
        tokenizer = {"unigram": lambda: unigram(place), "bytes": of_bytes, "fallback": fallback}[name]()
        tokenizer.save(os.path.join(place, "tokenizer.json"), pretty=False)
        expected[name] = [tokenizer.encode(text).ids for text in TEXTS]
        print(name, "tokens", tokenizer.get_vocab_size(), "in texts", sum(map(len, expected[name])))
    # SentencePiece itself does not find in a text what ends it, and takes its sign of a space for one.
    processor = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "unigram", "spiece.model"))
    apart = [text for text, ids in zip(TEXTS, expected["unigram"]) if ids != processor.encode(text) + [1]]
    print("differ between the libraries:", apart)
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file, ensure_ascii=True)


if __name__ == "__main__":
    main()
