"""`python -m knowledge …`: the editor's and the operator's commands. Nothing heavy is imported before the command needs it."""

from __future__ import annotations

import argparse
import os
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
    _evaluate(commands)
    followups = commands.add_parser("followups", help="figures on follow-ups and on new topics after an answer, as JSON")
    followups.add_argument("file", type=Path)
    calibrate = commands.add_parser("calibrate", help="fit the probabilities and print the cheapest thresholds")
    calibrate.add_argument("file", type=Path, nargs="+")
    calibrate.add_argument("--dry-run", action="store_true", help="print only")
    bench = commands.add_parser("bench", help="time the backends and the whole analysis")
    bench.add_argument("--queries", type=int, default=200)
    commands.add_parser("serve", help="run the service")
    nlu = commands.add_parser("export-nlu", help="write phrasings as Rasa examples of ask_faq")
    nlu.add_argument("--count", type=int, default=600)
    _exchange(commands)
    return parser


def _evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command that measures."""
    evaluate = commands.add_parser("evaluate", help="figures on a file of questions, as JSON")
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--phrasings", type=int, help="index only so many phrasings per article and language (0: titles only)")
    evaluate.add_argument("--table", action="store_true", help="a Markdown table instead of JSON")
    evaluate.add_argument("--out", type=Path, metavar="DIR", help="save a report: Markdown, JSON, plots, a line per question")
    evaluate.add_argument("--page", type=Path, metavar="FILE", help="renew the figures of a page like docs/kvalitet.md")


def _exchange(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that bring articles in, hand them out and count them."""
    bring = commands.add_parser("import", help="make draft articles of FAQ markup, web pages, a sheet or a sitemap")
    bring.add_argument("source", type=Path, help="a .json, .jsonld, .html, .csv, .tsv, .xlsx or sitemap .xml file")
    bring.add_argument("--area", default="", help="the area of what names none")
    bring.add_argument("--department", default="", metavar="KEY", help="the department of what names none")
    bring.add_argument(
        "--language", default="", help="the language of what is not in a sheet's column; else the page's own, else sv"
    )
    bring.add_argument("--url", default="", help="where it is published; a sheet's column and a sitemap go first")
    bring.add_argument("--pages", type=Path, metavar="DIR", help="a sitemap's saved pages; else its own folder")
    bring.add_argument("--dry-run", action="store_true", help="print only")
    hand = commands.add_parser("export", help="what may be shown today, as open data")
    hand.add_argument("--format", choices=("jsonld", "json", "csv"), required=True)
    hand.add_argument("--language", help="only this one; else all (jsonld: sv)")
    hand.add_argument("--out", type=Path, metavar="FILE", help="else standard output")
    coverage = commands.add_parser("coverage", help="phrasings and state of the answer, by topic and language")
    coverage.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there instead")


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
                from knowledge.reporting.run import Order as Evaluation

                chosen = {name: getattr(options, name) for name in ("file", "phrasings", "table", "out", "page")}
                return commands.evaluate(settings, Evaluation(**chosen))
            case "followups":
                return commands.followups(settings, options.file)
            case "calibrate":
                return commands.calibrate(settings, options.file, options.dry_run)
            case "bench":
                return commands.bench(settings, options.queries)
            case "export-nlu":
                return commands.export_nlu(settings, options.count)
            case "import":
                from knowledge.importing.run import Order, run_import

                chosen = {
                    name: getattr(options, name)
                    for name in ("source", "area", "department", "language", "url", "pages", "dry_run")
                }
                return run_import(settings, Order(**chosen))
            case "export":
                from knowledge.exporting import run_export

                return run_export(settings, options.format, options.language, options.out)
            case "coverage":
                from knowledge.coverage import run_coverage

                return run_coverage(settings, options.markdown)
            case _:
                return commands.serve(settings)
    except commands.EXPECTED as error:
        print(f"knowledge {options.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
