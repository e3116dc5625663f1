"""The suites that come with the library."""

from __future__ import annotations

from learnedflux.evaluation.suites import Case, register_suite
from learnedflux.reconstruction import linear5_scheme

__all__ = ["euler_1d", "euler_2d", "hard", "scalar", "smooth"]

SMOOTH_CELLS = (40, 80, 160, 320)


@register_suite("euler-1d", cells=200)
def euler_1d() -> list[Case]:
    """The named problems in one dimension, to the end times of their sources."""
    return [
        Case("sod"),
        Case("lax"),
        Case("shu_osher"),
        Case("titarev_toro", cells=(1000,), finer=4),  # fine enough, and eight take minutes
        Case("blast", cells=(400,)),
        Case("leblanc", cells=(400,)),
        Case("einfeldt_123"),
        Case("toro3"),
        Case("toro5"),
        Case("slow_shock"),
        Case("sod2"),
        Case("sonic_rarefaction"),
        Case("composite_wave", t_end=10.0),
    ]


@register_suite("scalar", cells=200, waves=True)
def scalar() -> list[Case]:
    """Scalar laws: shapes carried along, shocks and rarefactions, fluxes that are not convex."""
    return [
        Case("composite_wave", t_end=10.0),
        Case("shock_formation"),
        Case("other_sine"),
        Case("gaussian"),
        Case("smooth_rare"),
        Case("tophat"),
        Case("sawtooth"),
        Case("accelshock"),
        Case("buckley_leverett"),
        Case("red_light"),
        Case("green_light"),
    ]


@register_suite("euler-2d", cells=100, curve=(0.5, 0.8, 1.0))
def euler_2d() -> list[Case]:
    """Configurations 3, 4, 6 and 12 of Lax and Liu, and a vortex, on small grids."""
    return [
        Case("riemann_2d_3"),
        Case("riemann_2d_4"),
        Case("riemann_2d_6"),
        Case("riemann_2d_12"),
        Case("isentropic_vortex", cells=(50,)),
    ]


def _negligible_in_time(cells: int) -> float:
    """CFL number with which the error in time falls as that of fifth order in space does.

    The integrator is of fourth order: dt ~ h^(5/4).
    """
    return float(0.4 * (SMOOTH_CELLS[0] / cells) ** 0.25)


@register_suite(
    "smooth",
    cells=SMOOTH_CELLS,
    cfl=_negligible_in_time,
    integrator="ssprk104",
    baseline=linear5_scheme.name,
    always=(linear5_scheme,),
    waves=True,
    curve=(1.0,),
)
def smooth() -> list[Case]:
    """Smooth profiles: the order, and the error beside that of the linear fifth-order scheme.

    With SSPRK(10,4) at CFL 0.4 (40 / cells)^(1/4) the error in time is below one percent of that
    in space on every grid, and falls with the same order.
    """
    return [
        Case("sine_advection"),
        Case("critical_sine"),
        Case("fourth_power_sine"),
        Case("burgers_half_sine"),
    ]


@register_suite("hard", cells=200, curve=(1.0,))
def hard() -> list[Case]:
    """Problems on which schemes fail: near vacuum, strong shocks, a jet, dry land."""
    return [
        Case("einfeldt_123"),
        Case("leblanc", cells=(400,)),
        Case("toro3"),
        Case("toro5"),
        Case("blast", cells=(400,)),
        Case("sedov_2d", cells=(64,)),
        Case("mach2000_jet", cells=(80,), compared=False),
        Case("dam_break_ritter"),
    ]
