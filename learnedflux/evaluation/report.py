"""A report on an evaluation: one page of HTML that needs nothing beside itself."""

from __future__ import annotations

import base64
import html
import importlib.util
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.errors import InputError
from learnedflux.evaluation.compare import (
    FEWEST,
    equal_time,
    geometric_mean,
    grids_run,
    on_own_grids,
    own_grids,
    ratios,
)
from learnedflux.evaluation.runs import Evaluation
from learnedflux.files import replace_file

__all__ = ["page", "require_drawing", "write_report"]

LOSS = 1.005  # ratio to the baseline's error from which on a result is marked as a loss
RIVALS = ("teno5", "mp5")
TIE = 1.0005  # times the lowest error: as low, for a reader of three digits
METADATA = ("suite", "integrator", "cfl", "repeats")


def require_drawing() -> None:
    """Raise InputError, before a long evaluation, where pictures cannot be drawn after it."""
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "reports have pictures, which need matplotlib; python -m pip install "
            "'learnedflux[plot]'."
        )


def write_report(
    evaluation: Evaluation,
    path: str | Path,
    baseline: str | None = None,
    waves: xr.Dataset | None = None,
) -> None:
    """Write an evaluation as one page of HTML, with its pictures in it; needs matplotlib.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`lf.evaluation.run`.
    path : str or Path
        File to write, ``report.html`` say. It is written whole or not at all.
    baseline : str, optional
        Scheme that ratios are taken to. Default: the suite's, or the first scheme.
    waves : Dataset, optional
        From :func:`lf.evaluation.amplification`, drawn besides.
    """
    require_drawing()
    text = page(evaluation, baseline, waves)
    with replace_file(path) as file:
        file.write_text(text, encoding="utf-8")


def page(
    evaluation: Evaluation, baseline: str | None = None, waves: xr.Dataset | None = None
) -> str:
    """Return the page that :func:`write_report` writes."""
    ds = evaluation.dataset
    schemes = [str(name) for name in ds.scheme.values]
    if baseline is None:
        baseline = ds.attrs["baseline"] if ds.attrs["baseline"] in schemes else schemes[0]
    style = (resources.files("learnedflux.evaluation") / "report.css").read_text(encoding="utf-8")
    named = ds.attrs["suite"] != "custom"
    what = f"the suite {ds.attrs['suite']}" if named else f"{ds.sizes['problem']} problems"
    title = html.escape(f"Flux schemes on {what}")
    parts = [
        f"<h1>{title}</h1>",
        f"<p class='lead'>{_sentence(ds, baseline)}</p>",
        *_summary(ds, baseline),
        *_errors(ds, baseline),
        *_survival(ds),
        *_waves(waves),
        *_problems(evaluation, baseline),
        *_costs(ds),
        *_metadata(ds),
    ]
    body = "\n".join(parts)
    return (
        "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


# --- pieces ---------------------------------------------------------------------------------------


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return a table whose cells are HTML already; the first of each row names it."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    lines = []
    for row in rows:
        first, *others = row
        cells = "".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in others)
        lines.append(f"<tr><th>{first}</th>{cells}</tr>")
    return (
        f"<div class='wide'><table class='{kind}'><thead><tr>{top}</tr></thead>\n<tbody>"
        + "\n".join(lines)
        + "</tbody></table></div>"
    )


def _picture(figure: Any, words: str) -> str:
    from learnedflux.plot import png

    data = base64.b64encode(png(figure)).decode("ascii")
    return f"<img alt='{html.escape(words, quote=True)}' src='data:image/png;base64,{data}'>"


def _places(shown: xr.DataArray) -> Iterator[tuple[str, int]]:
    """Yield (problem, cells) where a mask of them is set."""
    for problem in map(str, shown.problem.values):
        for cells in map(int, shown.cells.values):
            if bool(shown.sel(problem=problem, cells=cells)):
                yield problem, cells


def _ratio(value: float, digits: int = 2) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.{digits}f}" if value < 100.0 else f"{value:.1e}".replace("e+0", "e")


def _seconds(value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{1e3 * value:.3g} ms" if value < 1.0 else f"{value:.3g} s"


def _sentence(ds: xr.Dataset, baseline: str) -> str:
    """Return what was done, in a few sentences."""
    exact = sum(str(text) == "exact" for text in ds.reference.values)
    fine = sorted({str(t).partition(",")[0] for t in ds.reference.values} - {"exact", "none"})
    against = []
    if exact:
        against.append("cell averages of the exact solution")
    if fine:
        against.append(f"averages of a fine run by {fine[0]} where no exact solution is known")
    about = html.escape(str(ds.attrs["description"]).rstrip("."))
    about = about[:1].upper() + about[1:]
    return (
        f"{about}. {ds.sizes['scheme']} schemes, {ds.sizes['problem']} problems; "
        f"{ds.attrs['integrator']}, CFL {ds.attrs['cfl']}. Errors are mean absolute errors of the "
        f"first variable at the end, against {' or '.join(against) or 'nothing'}. "
        f"Ratios are to <b>{html.escape(baseline)}</b>."
    )


def _summary(ds: xr.Dataset, baseline: str) -> Iterator[str]:
    """Yield a table of the schemes, and where each loses."""
    mine = on_own_grids(ds)
    found = ratios(mine, baseline)
    yield "<h2>Summary</h2>"
    if not bool((mine.error > 0).any()):
        yield "<p>No errors were measured.</p>"
        return
    enough = int((ds.error > 0).sum("cells").max()) >= FEWEST
    read = equal_time(ds, baseline).ratio.where(own_grids(ds)) if enough else None
    # Ratios to the best classical scheme beside the baseline's, where it is there.
    other = next((n for n in RIVALS if n in ds.scheme.values and n != baseline), None)
    beside = None if other is None else ratios(mine, other).ratio
    lowest = mine.error <= TIE * mine.error.min("scheme")
    slower = mine.wall_time / mine.wall_time.sel(scheme=baseline, drop=True)
    head = [
        "scheme", f"error / {html.escape(baseline)}",
        *([] if other is None else [f"error / {other}"]), "largest ratio", "lowest on",
        "losses", "failed", "time of a run", "error at equal time",
    ]  # fmt: skip
    rows, losses = [], []
    for scheme in map(str, ds.scheme.values):
        one = found.sel(scheme=scheme)
        lost = _losses(one.ratio, own_grids(ds))
        base = scheme == baseline
        if lost and not base:
            told = [f"{html.escape(problem)} {text}" for problem, text in lost.items()]
            losses.append(f"<li><b>{html.escape(scheme)}</b>: {'; '.join(told)}</li>")
        at_equal = "–" if read is None else _mean(read.sel(scheme=scheme), base, "readings")
        rows.append(
            [
                html.escape(scheme),
                _mean(one.ratio, base, "runs"),
                *([] if beside is None else [_mean(beside.sel(scheme=scheme), scheme == other)]),
                _ratio(float(one.worst)),
                f"{int(lowest.sel(scheme=scheme).sum())} of {int(lowest.any('scheme').sum())}",
                "–" if base else str(len(lost)),
                _failures(int(one.failed)),
                f"×{float(geometric_mean(slower.sel(scheme=scheme))):.2f}",
                at_equal,
            ]
        )
    yield _table(head, rows, "summary")
    yield (
        "<p class='note'>Geometric means over problems, each on its own grid; a failed run has no "
        "error and is in no mean. “Error at equal time”: error in the time that "
        f"{html.escape(baseline)} takes, over its error, read off the curves of error over time "
        "below; never beyond the times measured, so each scheme has the readings that "
        "overlap.</p>"
        if read is not None
        else "<p class='note'>Geometric means over problems, each on its own grid; a failed run "
        "has no error and is in no mean. Error at equal time needs three grids per problem.</p>"
    )
    if losses:
        yield f"<h3>Where they lose to {html.escape(baseline)}</h3><ul>{''.join(losses)}</ul>"


def _losses(ratio: xr.DataArray, own: xr.DataArray) -> dict[str, str]:
    """Return the problems on which a scheme is worse, with the ratios on the grids where it is."""
    found: dict[str, list[str]] = {}
    for problem, cells in _places(ratio > LOSS):
        value = float(ratio.sel(problem=problem, cells=cells))
        several = int(own.sel(problem=problem).sum()) > 1
        grid = f" <small>({cells} cells)</small>" if several else ""
        found.setdefault(problem, []).append(f"×{_ratio(value)}{grid}")
    return {problem: ", ".join(texts) for problem, texts in found.items()}


def _mean(ratio: xr.DataArray, base: bool, what: str = "") -> str:
    """Return a geometric mean, and of how many numbers it is one."""
    count = f"<small>{int((ratio > 0).sum())} {what}</small>" if what else ""
    return f"<td>{_graded(float(geometric_mean(ratio)), base)}{count}</td>"


def _graded(value: float, base: bool) -> str:
    text = _ratio(value, 3)
    if base or np.isnan(value) or 1.0 / LOSS < value < LOSS:
        return text
    return f"<span class='{'loss' if value > LOSS else 'gain'}'>{text}</span>"


def _failures(count: int) -> str:
    return f"<span class='loss'>{count}</span>" if count else "0"


def _errors(ds: xr.Dataset, baseline: str) -> Iterator[str]:
    """Yield the table of errors."""
    if not bool((ds.error > 0).any()) and not bool(ds.failed.any()):
        return
    yield "<h2>Errors</h2>"
    several = int((~np.isnan(ds.order)).sum()) > 0
    own = own_grids(ds)
    curves = bool((grids_run(ds) & ~own).any())  # grids run for their sake only
    rows = []
    for problem, cells in _places(grids_run(ds)):
        part = ds.sel(problem=problem, cells=cells)
        if not bool((part.error > 0).any() | part.failed.any()):
            continue
        base = float(part.error.sel(scheme=baseline))
        best = float(part.error.min())
        main = curves and bool(own.sel(problem=problem, cells=cells))
        name = f"<b>{html.escape(problem)}</b>" if main else html.escape(problem)
        row = [f"{name} <small>{cells} cells</small>"]
        for scheme in map(str, ds.scheme.values):
            row.append(_error(part.sel(scheme=scheme), base, best, scheme == baseline, several))
        rows.append(row)
    yield _table(["", *(html.escape(str(s)) for s in ds.scheme.values)], rows, "errors")
    yield (
        "<p class='note'>Lowest of each row <b>bold</b>. Below each error its ratio to "
        f"{html.escape(baseline)}'s; red with ▲: a loss.{' p: observed order.' if several else ''}"
        "</p>"
    )


def _error(one: xr.Dataset, base: float, best: float, is_base: bool, orders: bool) -> str:
    if bool(one.failed):
        why = html.escape(str(one.message.item()), quote=True)
        return f"<td class='failed' title='{why}'>fails</td>"
    value = float(one.error)
    if np.isnan(value):
        return "<td>–</td>"
    text = f"<b>{value:.2e}</b>" if value <= TIE * best else f"{value:.2e}"
    small = []
    if base > 0 and not is_base:
        ratio = value / base
        small.append(f"▲ ×{_ratio(ratio)}" if ratio > LOSS else f"×{_ratio(ratio)}")
    if orders and not np.isnan(float(one.order)):
        small.append(f"p {float(one.order):.2f}")
    kind = " class='lost'" if base > 0 and value / base > LOSS and not is_base else ""
    return f"<td{kind}>{text}<small>{' · '.join(small)}</small></td>"


def _survival(ds: xr.Dataset) -> Iterator[str]:
    """Yield who failed or was limited: only what there is to tell."""
    told = (ds.failed | (ds.faces_limited > 0) | (ds.steps_rejected > 0)).any("scheme")
    if not bool(told.any()):
        yield "<h2>Survival</h2><p>No run failed, and the positivity limiter never acted.</p>"
        return
    yield "<h2>Survival</h2>"
    rows = []
    # Of the grids run for the sake of curves only those on which something happened.
    for problem, cells in _places(told | (own_grids(ds) & ds.lowest.notnull().any("scheme"))):
        row = [f"{html.escape(problem)} <small>{cells} cells</small>"]
        for scheme in map(str, ds.scheme.values):
            one = ds.sel(problem=problem, cells=cells, scheme=scheme)
            if bool(one.failed):
                row.append(f"<td class='failed'>fails at t = {float(one.time_reached):.3g}</td>")
                continue
            lowest = float(one.lowest)
            row.append(
                f"<td>{'–' if np.isnan(lowest) else f'{lowest:.2e}'}<small>"
                f"{int(one.faces_limited)} limited · {int(one.steps_rejected)} again</small></td>"
            )
        rows.append(row)
    yield _table(["", *(html.escape(str(s)) for s in ds.scheme.values)], rows, "errors")
    yield (
        "<p class='note'>Smallest density, pressure or depth at the end; fluxes changed by the "
        "positivity limiter; attempts at a step that were made again.</p>"
    )
    messages = [
        f"<li>{html.escape(scheme)}, {html.escape(problem)}, {cells} cells: "
        f"{html.escape(str(ds.message.sel(scheme=scheme, problem=problem, cells=cells).item()))}"
        "</li>"
        for problem, cells in _places(grids_run(ds))
        for scheme in map(str, ds.scheme.values)
        if bool(ds.failed.sel(scheme=scheme, problem=problem, cells=cells))
    ]
    if messages:
        yield f"<ul>{''.join(messages)}</ul>"


def _waves(waves: xr.Dataset | None) -> Iterator[str]:
    """Yield the amplification curves."""
    if waves is None:
        return
    from learnedflux.plot import amplification

    yield "<h2>Waves</h2>"
    for equation in map(str, waves.equation.values):
        figure = amplification(waves, equation)
        yield _picture(figure, f"amplification of sine waves, {equation}")
    grown = []
    for scheme in map(str, waves.scheme.values):
        part = waves.sel(scheme=scheme)
        count = int(part.grows.sum())
        if count:
            top = float(part.highest.where(part.grows).max())
            lengths = part.wavelength.values[
                part.grows.any([d for d in part.grows.dims if d != "wavelength"]).values
            ]
            grown.append(
                f"<li><span class='loss'>{html.escape(scheme)}</span>: {count} waves grew, up to "
                f"×{top:.3g}, of {', '.join(f'{w:.3g}' for w in lengths)} cells</li>"
            )
    yield f"<ul>{''.join(grown)}</ul>" if grown else "<p>No wave grew with any scheme.</p>"
    yield (
        "<p class='note'>The L2 norm of a sine wave after "
        f"{waves.attrs['periods']:g} of its periods, over the initial one: the worst of amplitudes "
        f"{', '.join(f'{a:g}' for a in waves.amplitude.values)}. A sloping background is steeper "
        "than the wave, so that the data are monotone.</p>"
    )


def _problems(evaluation: Evaluation, baseline: str) -> Iterator[str]:
    """Yield pictures of the solutions and of the errors."""
    from learnedflux.plot import compare, compare_fields, errors

    ds = evaluation.dataset
    yield "<h2>Problems</h2>"
    most = (ds.error > 0).sum("cells").max("scheme")
    for problem, grids in evaluation.solutions.items():
        yield f"<section><h3 id='{html.escape(problem)}'>{html.escape(problem)}</h3>"
        kept = [n for p, n in _places(own_grids(ds)) if p == problem]
        cells = kept[0]
        states = grids[cells]
        truth = evaluation.truths.get(problem)
        if states:
            first = next(iter(states.values()))
            one = "y" not in first.dims
            draw = compare if one else compare_fields
            exact = None if truth is None else truth.solution
            variable = str(next(iter(first.data_vars))) if truth is None else truth.variable
            if "z" not in first.dims:
                yield _picture(draw(states, variable, exact), f"{problem}, {cells} cells")
        if int(most.sel(problem=problem)) >= 2:
            equal = equal_time(ds, baseline) if int(most.max()) >= FEWEST else None
            yield _picture(
                errors(ds, problem, equal, kept[len(kept) // 2]),
                f"errors of {problem} over cells and time",
            )
        yield "</section>"


def _costs(ds: xr.Dataset) -> Iterator[str]:
    """Yield the table of costs."""
    yield "<h2>Costs</h2>"
    rows = []
    for problem, cells in _places(grids_run(ds)):
        row = [f"{html.escape(problem)} <small>{cells} cells</small>"]
        for scheme in map(str, ds.scheme.values):
            one = ds.sel(problem=problem, cells=cells, scheme=scheme)
            steps = float(one.steps)
            row.append(
                f"<td>{_seconds(float(one.wall_time))}<small>"
                f"{'–' if np.isnan(steps) else int(steps)} steps</small></td>"
            )
        rows.append(row)
    yield _table(["", *(html.escape(str(s)) for s in ds.scheme.values)], rows, "errors")
    yield (
        f"<p class='note'>Whole runs by the clock, median of {ds.attrs['repeats']} (fewer where "
        "they are long), after one to warm up; schemes took turns.</p>"
    )


def _metadata(ds: xr.Dataset) -> Iterator[str]:
    """Yield where and with what this was measured."""
    yield "<h2>How this was measured</h2>"
    rows = [[key, html.escape(str(ds.attrs[key]))] for key in METADATA]
    policies = sorted({str(p) for p in np.unique(ds.policy.values)} - {""})
    if policies:
        rows.append(["policies (digest)", html.escape(", ".join(policies))])
    references = ", ".join(
        f"{problem}: {text}"
        for problem, text in zip(ds.problem.values, ds.reference.values, strict=True)
        if str(text) != "exact"
    )
    rows.append(["references", html.escape(references) or "exact solutions"])
    rows += [
        [key.removeprefix("machine_"), html.escape(str(value))]
        for key, value in ds.attrs.items()
        if str(key).startswith("machine_")
    ]
    yield _table(["", ""], rows, "metadata")
