"""`python -m knowledge …`: the editor's and the operator's commands. Nothing heavy is imported before the command needs it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from knowledge.settings import Settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="The city's knowledge base: check, index, search, serve."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("encoder", help="make the model folder (once)")
    commands.add_parser("validate", help="check every article against docs/articles.md")
    stamp = commands.add_parser("stamp", help="record which Swedish text each unstamped translation translates")
    stamp.add_argument("--lang", help="only this language; also renews a stale stamp")
    stamp.add_argument("--id", help="only this article; also renews a stale stamp")
    build = commands.add_parser("build", help="index the articles")
    build.add_argument("--strict", action="store_true", help="exit 1 if a file had to be left out")
    search = commands.add_parser("search", help="what would be found for a question")
    search.add_argument("text")
    search.add_argument("--lang", help="the conversation's language")
    evaluate = commands.add_parser("evaluate", help="figures on a file of questions, as JSON")
    evaluate.add_argument("file", type=Path)
    calibrate = commands.add_parser("calibrate", help="fit the probabilities and print the cheapest thresholds")
    calibrate.add_argument("file", type=Path, nargs="+")
    calibrate.add_argument("--phrasings", action="store_true", help="add the articles' own phrasings, held out in turn")
    calibrate.add_argument("--dry-run", action="store_true", help="print only")
    bench = commands.add_parser("bench", help="time the backends and the whole analysis")
    bench.add_argument("--queries", type=int, default=200)
    commands.add_parser("serve", help="run the service")
    export = commands.add_parser("export-nlu", help="write phrasings as Rasa examples of ask_faq")
    export.add_argument("--count", type=int, default=600)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the command line; `sys.argv` when None.

    Returns:
        The exit code: 0, or 1 with a sentence on standard error.
    """
    options = _parser().parse_args(arguments)
    settings = Settings()
    from knowledge import commands

    try:
        match options.command:
            case "validate":
                return commands.validate(settings)
            case "stamp":
                return commands.stamp(settings, options.lang, options.id)
            case "encoder":
                return commands.encoder(settings)
            case "build":
                return commands.build(settings, options.strict)
            case "search":
                return commands.search(settings, options.text, options.lang)
            case "evaluate":
                return commands.evaluate(settings, options.file)
            case "calibrate":
                return commands.calibrate(settings, options.file, options.phrasings, options.dry_run)
            case "bench":
                return commands.bench(settings, options.queries)
            case "export-nlu":
                return commands.export_nlu(settings, options.count)
            case _:
                return commands.serve(settings)
    except commands.EXPECTED as error:
        print(f"knowledge {options.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
