"""python -m fast.training: train one of the slides' networks, keep the result, and draw how it went."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fast.training.digits import Digits, load_digits
from fast.training.evaluation import Evaluation, evaluate
from fast.training.event_files import EventFile, add_epoch
from fast.training.graph import operations_of
from fast.training.loop import has_run_out_of_patience, train
from fast.training.networks import NETWORKS, count_parameters, initial_numbers, parameters_in
from fast.training.pictures import confusion, curves
from fast.training.plan import Plan
from fast.training.results import Result, load_result, save_result
from reference.errors import InvalidArgument

DEFAULTS = Plan()


def main(arguments: list[str] | None = None) -> int:
    """Train, and say how it went; 1 and one line if it can't be done, 130 after Ctrl-C."""
    options, console = parser().parse_args(arguments), Console(highlight=False)
    try:
        return run(options, console)
    except (InvalidArgument, OSError) as error:
        print(f"fast.training: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        place = f"; {options.result} holds the last whole epoch, --resume goes on" if options.result else ""
        print(f"\nfast.training: stopped{place}", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    found = argparse.ArgumentParser(
        prog="python -m fast.training",
        description=(
            "Trains one of the slides' networks on handwritten digits and tests it. The digits are the four IDX files "
            "of MNIST, compressed with gzip or not, in a folder given by --mnist or the variable MNIST_DIR."
        ),
    )
    names = "; ".join(f"{name}: {network.name}" for name, network in NETWORKS.items())
    found.add_argument("network", choices=NETWORKS, help=names)
    found.add_argument("--mnist", metavar="DIR", default=os.environ.get("MNIST_DIR"), help="the folder with the digits")
    found.add_argument("--epochs", type=int, default=DEFAULTS.epochs, help="at most so many (%(default)s)")
    found.add_argument("--batch-size", type=int, default=DEFAULTS.batch_size, help="examples of a step (%(default)s)")
    found.add_argument(
        "--learning-rate", type=float, default=DEFAULTS.learning_rate, help="Adam's, at first (%(default)s)"
    )
    found.add_argument(
        "--decay-rate", type=float, default=DEFAULTS.decay_rate, help="the rate's factor an epoch (%(default)s)"
    )
    found.add_argument(
        "--patience",
        type=int,
        default=DEFAULTS.patience,
        help="stop after so many epochs without a lower validation loss; 0: never (%(default)s)",
    )
    found.add_argument(
        "--validation",
        type=int,
        default=DEFAULTS.validation,
        help="training examples that are kept apart for that (%(default)s)",
    )
    found.add_argument(
        "--shift", type=int, default=DEFAULTS.shift, help="move images at random by up to so many pixels (%(default)s)"
    )
    found.add_argument("--seed", type=int, default=DEFAULTS.seed, help="decides all that is random (%(default)s)")
    found.add_argument("--result", metavar="FILE", type=Path, help="write the result there after each epoch")
    found.add_argument(
        "--resume", action="store_true", help="go on from that file, with the same bits as without a stop"
    )
    found.add_argument("--pictures", metavar="DIR", type=Path, help="draw curves.svg and confusion.svg there")
    found.add_argument(
        "--tensorboard", metavar="DIR", type=Path, help="write an event file there: the graph, curves and histograms"
    )
    return found


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what the options say."""
    if not options.mnist:
        raise InvalidArgument("--mnist", "a folder with the digits, here or in MNIST_DIR", "neither")
    if options.resume and not options.result:
        raise InvalidArgument("--resume", "a file to go on from, as --result", "none")
    plan = Plan(**{name: getattr(options, name) for name in Plan._fields})
    before = load_result(options.result) if options.resume else None
    digits = load_digits(options.mnist)
    count = count_parameters(NETWORKS[options.network])
    console.print(f"{NETWORKS[options.network].name}: {count:,} parameters, {len(digits.train.images):,} images")
    with event_file(options, plan) if options.tensorboard else nullcontext() as events:
        result = trained(options, plan, digits, before, console, events)
    tested = test(result, digits)
    confused = int(tested.confusion.sum() - tested.confusion.trace())
    console.print(
        f"test: {100 * tested.error:.2f}% wrong ({confused:,} of {int(tested.confusion.sum()):,}), "
        f"loss {tested.loss:.4f}, after epoch {result.best_epoch}"
    )
    console.print("\n".join(confusion_table(tested)))
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        (options.pictures / "curves.svg").write_text(curves(result), encoding="utf-8")
        title = f"{result.network}: answers to the test images"
        (options.pictures / "confusion.svg").write_text(confusion(tested.confusion, title), encoding="utf-8")
    return 0


def event_file(options: argparse.Namespace, plan: Plan) -> EventFile:
    """A new file for TensorBoard that begins with the network's graph."""
    network, file = NETWORKS[options.network], EventFile(options.tensorboard)
    file.add_graph(operations_of(network, initial_numbers(network, plan.seed), plan.batch_size))
    return file


def trained(
    options: argparse.Namespace,
    plan: Plan,
    digits: Digits,
    before: Result | None,
    console: Console,
    events: EventFile | None,
) -> Result:
    """Train with a bar for each epoch and a line after it; keep the result after each."""
    columns = (
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        first = 1 + (len(before.epochs) if before else 0)
        task = progress.add_task("", total=None, epoch=first, loss=float("nan"))

        def on_step(step: int, steps: int, loss: float) -> None:
            progress.update(task, completed=step, total=steps, loss=loss)

        def on_epoch(result: Result) -> None:
            epoch, number = result.epochs[-1], len(result.epochs)
            if options.result:
                save_result(result, options.result)
            if events:
                add_epoch(events, result)
            console.print(
                f"epoch {number:3}  loss {epoch.training_loss:.4f}  validation {epoch.validation_loss:.4f}, "
                f"{100 * epoch.validation_error:.2f}% wrong  rate {epoch.learning_rate:.2g}  {epoch.seconds:.1f} s"
            )
            progress.update(task, epoch=number + 1)

        result = train(options.network, digits, plan, result=before, on_step=on_step, on_epoch=on_epoch)
    if has_run_out_of_patience(result) and len(result.epochs) < plan.epochs:
        console.print(f"stopped: no lower validation loss for {plan.patience} epochs")
    return result


def test(result: Result, digits: Digits) -> Evaluation:
    """How the best numbers do with the test examples."""
    network = NETWORKS[result.network]
    return evaluate(network, parameters_in(result.best_numbers, network), digits.test)


def confusion_table(tested: Evaluation) -> list[str]:
    """The confusion matrix as lines of text."""
    classes = range(len(tested.confusion))
    lines = ["answer " + "".join(f"{digit:6}" for digit in classes) + "   the digit that was shown"]
    lines += [
        f"{row:6} " + "".join(f"{count or '·':>6}" for count in tested.confusion[row].tolist()) for row in classes
    ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
