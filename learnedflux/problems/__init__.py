"""Named problems, each a function of the number of cells that returns a complete Problem.

``names()`` lists them, ``table()`` describes them, ``get(name)`` looks one up, and ``register``
adds one's own.
"""

from learnedflux.problems.acoustics import acoustic_pulse, acoustic_pulse_2d
from learnedflux.problems.advection import (
    composite_wave,
    critical_sine,
    fourth_power_sine,
    sine_advection,
)
from learnedflux.problems.burgers import (
    accelshock,
    burgers_half_sine,
    gaussian,
    other_sine,
    random_sine,
    rarefaction,
    sawtooth,
    shock,
    shock_formation,
    smooth_rare,
    smooth_sine,
    tophat,
)
from learnedflux.problems.burgers_2d import (
    burgers_gaussian_bump,
    burgers_product,
    burgers_sine_2d,
    burgers_sum,
)
from learnedflux.problems.catalogue import get, names, register, table
from learnedflux.problems.euler import blast, density_wave, shu_osher, titarev_toro
from learnedflux.problems.euler_2d import (
    implosion,
    isentropic_vortex,
    kelvin_helmholtz,
    rayleigh_taylor,
)
from learnedflux.problems.euler_3d import density_wave_3d, taylor_green
from learnedflux.problems.euler_riemann import (
    double_rarefaction,
    einfeldt_123,
    lax,
    leblanc,
    paper_sod,
    shock_tube,
    slow_moving_shock,
    slow_shock,
    sod,
    sod2,
    sonic_rarefaction,
    toro3,
    toro5,
)
from learnedflux.problems.euler_riemann_2d import (
    riemann_2d_3,
    riemann_2d_4,
    riemann_2d_6,
    riemann_2d_12,
    riemann_2d_13,
)
from learnedflux.problems.euler_shocks_2d import double_mach, mach2000_jet, shock_bubble
from learnedflux.problems.lakes import (
    island,
    lake_at_rest,
    small_perturbation,
    small_perturbation_2d,
)
from learnedflux.problems.scalar_laws import buckley_leverett, green_light, red_light
from learnedflux.problems.sedov import sedov_2d, sedov_3d
from learnedflux.problems.shallow_water import (
    circular_dam_break,
    dam_break_ritter,
    dam_break_stoker,
    drop,
    parabolic_bowl,
)

__all__ = [
    "accelshock",
    "acoustic_pulse",
    "acoustic_pulse_2d",
    "blast",
    "buckley_leverett",
    "burgers_gaussian_bump",
    "burgers_half_sine",
    "burgers_product",
    "burgers_sine_2d",
    "burgers_sum",
    "circular_dam_break",
    "composite_wave",
    "critical_sine",
    "dam_break_ritter",
    "dam_break_stoker",
    "density_wave",
    "density_wave_3d",
    "double_mach",
    "double_rarefaction",
    "drop",
    "einfeldt_123",
    "fourth_power_sine",
    "gaussian",
    "get",
    "green_light",
    "implosion",
    "isentropic_vortex",
    "island",
    "kelvin_helmholtz",
    "lake_at_rest",
    "lax",
    "leblanc",
    "mach2000_jet",
    "names",
    "other_sine",
    "paper_sod",
    "parabolic_bowl",
    "random_sine",
    "rarefaction",
    "rayleigh_taylor",
    "red_light",
    "register",
    "riemann_2d_3",
    "riemann_2d_4",
    "riemann_2d_6",
    "riemann_2d_12",
    "riemann_2d_13",
    "sawtooth",
    "sedov_2d",
    "sedov_3d",
    "shock",
    "shock_bubble",
    "shock_formation",
    "shock_tube",
    "shu_osher",
    "sine_advection",
    "slow_moving_shock",
    "slow_shock",
    "small_perturbation",
    "small_perturbation_2d",
    "smooth_rare",
    "smooth_sine",
    "sod",
    "sod2",
    "sonic_rarefaction",
    "table",
    "taylor_green",
    "titarev_toro",
    "tophat",
    "toro3",
    "toro5",
]
