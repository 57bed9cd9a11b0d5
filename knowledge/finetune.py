"""`python -m knowledge.finetune`: teaches the encoder the city's own words; makes the adapter that `adapter.py` merges.

A LoRA adapter (Hu et al. 2021) on every linear layer, trained on the phrasings, titles and answers of the articles and on the
questions of `elsewhere/`: texts of one article, in whatever language, are drawn together, those of its neighbours apart. Three
losses: supervised contrast within the batch (Khosla et al. 2020), contrast against one learnt proxy per article
(Movshovitz-Attias et al. 2017), and a push of strangers away from all proxies. The adapter is saved at a share of its strength:
half-way between the model as it was and as it became, where both what it learnt and what it knew hold (Wortsman et al. 2022,
WiSE-FT).

Nothing of `evaluation/` is read here. It needs peft, which nothing else does
(`pip install --no-deps -r requirements/finetune.lock`), and the model as it was (`ENCODER_ADAPTER= python -m knowledge encoder`).
800 steps take about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.article import load_knowledge_base
from knowledge.elsewhere import NOBODY, load_elsewhere
from knowledge.index import entries_of
from knowledge.settings import Settings, today
from knowledge.signals import Signals

Floats = NDArray[np.float32]
Texts = dict[str, list[str]]  # by language

_PROMPT = {"phrasing": "query: ", "title": "query: ", "answer": "passage: "}
MODEL = "intfloat/multilingual-e5-small"
NEIGHBOURS = 8  # articles that a batch may bring along with one
TAKEN_ALONG = 3
LONGEST = 96  # tokens: longer answers say the same by then
CHUNKS = (0.5, 0.875, 1.0)  # of a batch by length, so that one long answer does not pad all questions


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learnt, beside the texts."""

    seed: int = 17
    steps: int = 800
    articles: int = 32  # per batch
    texts: int = 3  # per article and batch
    strangers: int = 12  # per batch
    answer_share: float = 0.12  # of batches' articles that show an answer too
    language_power: float = (
        0.5  # languages are drawn by their number of phrasings to this power: rare ones more often than they are
    )
    rank: int = 16
    rate: float = 4e-4
    proxy_rate: float = 4e-3
    warm_up: int = 50
    temperature: float = 0.05
    proxy_weight: float = 0.5
    stranger_weight: float = 0.2
    strength: float = 0.5  # of the finished adapter


@dataclass(frozen=True)
class Lesson:
    """One class: an article, or a group of `elsewhere/`."""

    id: str
    questions: Texts
    answers: Texts


def lessons_of(settings: Settings) -> tuple[list[Lesson], list[str]]:
    """What is learnt: (one lesson per article and group, strangers that belong to none), prompts included."""
    phrasings, answers = entries_of(load_knowledge_base(settings.articles_dir), today())
    made: dict[str, Lesson] = {}
    for entry in [*phrasings, *answers]:
        lesson = made.setdefault(entry.article_id, Lesson(entry.article_id, {}, {}))
        side = lesson.answers if entry.kind == "answer" else lesson.questions
        side.setdefault(entry.language, []).append(_PROMPT[entry.kind] + entry.text)
    strangers = [_PROMPT["phrasing"] + text for text in Signals.read_examples(settings.nlu_dir).get("out_of_scope", [])]
    for group in load_elsewhere(settings.elsewhere_dir):
        asked = {code: [_PROMPT["phrasing"] + text for text in texts] for code, texts in group.questions.items() if texts}
        if group.id == NOBODY:
            strangers += [text for texts in asked.values() for text in texts]
        else:
            made[group.key] = Lesson(group.key, asked, {})
    return [made[key] for key in sorted(made)], strangers


def data_hash(lessons: Sequence[Lesson], strangers: Sequence[str]) -> str:
    """SHA-256 of all texts, so that a recipe says which it was made from."""
    whole = json.dumps([[asdict(lesson) for lesson in lessons], list(strangers)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def draw(lessons: Sequence[Lesson], near: NDArray[np.int64], recipe: Recipe, dice: random.Random) -> tuple[list[str], list[int]]:
    """A batch: articles with some of their neighbours, a few texts of each.

    Args:
        lessons: n of them.
        near: numbers of each lesson's neighbours, shape (n, NEIGHBOURS).
        recipe: sizes.
        dice: the only source of chance.

    Returns:
        Texts and their lessons' numbers.
    """
    chosen: dict[int, None] = {}
    for number in dice.sample(range(len(lessons)), len(lessons)):
        if len(chosen) >= recipe.articles:
            break
        along = dice.sample(near[number].tolist(), min(TAKEN_ALONG, near.shape[1]))
        chosen |= dict.fromkeys([number, *along])
    texts, labels = [], []
    for number in list(chosen)[: recipe.articles]:
        lesson = lessons[number]
        for place in range(recipe.texts):
            answers = place == 0 and lesson.answers and dice.random() < recipe.answer_share
            pool = lesson.answers if answers else lesson.questions
            codes = sorted(pool)
            code = dice.choices(codes, [len(pool[code]) ** recipe.language_power for code in codes])[0]
            texts.append(dice.choice(pool[code]))
            labels.append(number)
    return texts, labels


class Trainer:
    """The model with its adapter.

    Args:
        settings: names the encoder's folder (made with `ENCODER_ADAPTER=` empty, or what is learnt is learnt twice).
        recipe: sizes and rates.
    """

    def __init__(self, settings: Settings, recipe: Recipe) -> None:
        import torch
        from peft import LoraConfig, get_peft_model
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(recipe.seed)
        torch.set_float32_matmul_precision("medium")
        loaded = SentenceTransformer(str(settings.encoder_dir), device="cpu", local_files_only=True)
        self._tokenizer = loaded.tokenizer
        transformer: Any = loaded[0]
        for module in transformer.auto_model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0  # the adapter is small and saved at half strength: noise on top only slows it down
        config = LoraConfig(
            r=recipe.rank, lora_alpha=2 * recipe.rank, lora_dropout=0.0, target_modules=["query", "key", "value", "dense"]
        )
        self.model: Any = get_peft_model(transformer.auto_model, config)
        for parameter in self.model.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.bfloat16()  # twice as fast where the processor has it
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def embed(self, texts: Sequence[str]) -> Any:
        """Mean-pooled vectors of length 1, a tensor of shape (n, dimension) with gradients."""
        import torch

        lengths = [len(self._tokenizer(text)["input_ids"]) for text in texts]
        order = sorted(range(len(texts)), key=lambda row: lengths[row])
        parts, start = [], 0
        for share in CHUNKS:
            end = math.ceil(len(order) * share)
            if end > start:
                parts.append(self._embed([texts[row] for row in order[start:end]]))
            start = end
        places = torch.empty(len(order), dtype=torch.long)
        places[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[places]

    def _embed(self, texts: Sequence[str]) -> Any:
        import torch
        from torch.nn import functional

        batch = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST, pad_to_multiple_of=8, return_tensors="pt"
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).float()
        return functional.normalize((states.float() * mask).sum(1) / mask.sum(1), dim=-1)

    def save(self, folder: Path, strength: float) -> None:
        """Writes the adapter at a share of its strength, in half precision (2.6 MB at rank 16).

        Args:
            folder: made if missing.
            strength: 0 is the model as it was, 1 as it became.
        """
        import torch

        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                if ".lora_B." in name:
                    parameter.mul_(strength)
                if ".lora_" in name:
                    parameter.data = parameter.data.half()
        self.model.peft_config["default"].base_model_name_or_path = MODEL  # not this machine's folder
        self.model.save_pretrained(str(folder))
        (folder / "README.md").unlink(missing_ok=True)  # peft's template, empty


def losses(vectors: Any, labels: Any, proxies: Any, recipe: Recipe) -> Any:
    """The three losses of one batch, weighted and added.

    Args:
        vectors: (n + strangers, d), those with a label first.
        labels: (n,), numbers of the lessons.
        proxies: (lessons, d).
        recipe: temperature and weights.
    """
    import torch
    from torch.nn import functional

    count = len(labels)
    known, strange = vectors[:count], vectors[count:]
    self_or_not = torch.eye(count, len(vectors), dtype=torch.bool)
    similarity = (known @ vectors.T / recipe.temperature).masked_fill(self_or_not, -1e4)
    same = (labels[:, None] == labels[None, :]) & ~self_or_not[:, :count]
    shares = similarity - torch.logsumexp(similarity, 1, keepdim=True)
    contrast = -(shares[:, :count] * same).sum(1) / same.sum(1).clamp(min=1)
    directions = functional.normalize(proxies, dim=-1)
    to_proxies = known @ directions.T / recipe.temperature
    proxy = functional.cross_entropy(to_proxies, labels)
    usual = torch.logsumexp(to_proxies.detach(), 1).mean()
    excess = torch.logsumexp(strange @ directions.T / recipe.temperature, 1) - usual
    stranger = functional.softplus(excess / 2).mean() if len(strange) else proxy.new_zeros(())
    return contrast.mean() + recipe.proxy_weight * proxy + recipe.stranger_weight * stranger


def train(settings: Settings, recipe: Recipe, out: Path) -> dict[str, Any]:
    """Trains and writes the adapter with `recipe.json` beside it.

    Args:
        settings: articles and the model.
        recipe: see there.
        out: the adapter's folder.

    Returns:
        What `recipe.json` says.
    """
    import torch

    dice = random.Random(recipe.seed)  # noqa: S311 - a repeatable draw
    lessons, strangers = lessons_of(settings)
    trainer = Trainer(settings, recipe)
    with torch.no_grad():  # where each lesson lies before: its neighbours, and where its proxy begins
        centres = torch.stack(
            [trainer.embed([text for texts in lesson.questions.values() for text in texts][:60]).mean(0) for lesson in lessons]
        )
        centres = torch.nn.functional.normalize(centres - centres.mean(0), dim=-1)
        near = np.asarray((centres @ centres.T).argsort(dim=1, descending=True)[:, 1 : 1 + NEIGHBOURS].numpy())
    proxies = torch.nn.Parameter(centres.clone())
    optimiser = torch.optim.AdamW(
        [{"params": trainer.parameters, "lr": recipe.rate}, {"params": [proxies], "lr": recipe.proxy_rate}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, recipe))
    started = time.monotonic()
    for step in range(recipe.steps):
        texts, labels = draw(lessons, near, recipe, dice)
        vectors = trainer.embed([*texts, *dice.sample(strangers, min(recipe.strangers, len(strangers)))])
        loss = losses(vectors, torch.tensor(labels), proxies, recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainer.parameters, 1.0)
        optimiser.step()
        schedule.step()
        if step % 25 == 0:
            print(f"step {step} of {recipe.steps}  loss {loss.item():.3f}  {time.monotonic() - started:.0f} s", flush=True)
    trainer.save(out, recipe.strength)
    written = {
        "made_by": "python -m knowledge.finetune",
        "model": settings.encoder_model,
        "recipe": asdict(recipe),
        "lessons": len(lessons),
        "texts": sum(len(texts) for lesson in lessons for side in (lesson.questions, lesson.answers) for texts in side.values()),
        "strangers": len(strangers),
        "data_sha256": data_hash(lessons, strangers),
    }
    (out / "recipe.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return written


def _pace(step: int, recipe: Recipe) -> float:
    """The share of the learning rate at a step: up in a line, down in half a cosine."""
    return min(1.0, (step + 1) / recipe.warm_up) * max(0.02, 0.5 * (1 + math.cos(math.pi * min(1.0, step / recipe.steps))))


def main(arguments: list[str] | None = None) -> int:
    """The command.

    Args:
        arguments: the command line; `sys.argv` when None.
    """
    parser = argparse.ArgumentParser(prog="python -m knowledge.finetune", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="the adapter's folder, for example knowledge/adapter")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    out = options.pop("out")
    settings = Settings(encoder_adapter=None)  # learn from the model as its makers trained it
    print(json.dumps(train(settings, Recipe(**options), out), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
