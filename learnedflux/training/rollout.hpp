// The unrolled solver and its gradient, around functions generated from the library's pointwise ones.
//
// Eight problems run side by side, one per vector lane; a state is [cell][variable] of lanes.
// Third-order Runge-Kutta (SSPRK3) on periodic grids of cells of width one, the last axis contiguous.
// The generated part has defined DIMENSION, VARIABLES, FRAME (numbers of a face's frame) and LIMITER
// before this; functions that know an axis are arrays by it.

#include <cstdlib>
#include <cstring>

typedef unsigned char bits;  // one per lane

struct Work { lanes *w, *f, *gw; };
struct Face {
  lanes w[6][VARIABLES], frame[FRAME], field[VARIABLES][6], seen[2][VARIABLES], left[VARIABLES],
      right[VARIABLES];
};

static lanes *room(size_t n) { return (lanes *)aligned_alloc(64, n * sizeof(lanes)); }

struct Grid {
  int shape[DIMENSION], stride[DIMENSION], cells = 1;

  explicit Grid(const int *given) {
    for (int a = DIMENSION - 1; a >= 0; a--) shape[a] = given[a], stride[a] = cells, cells *= given[a];
  }
  // The cell so many further along an axis, three at most; behind the last one comes the first.
  int beside(int cell, int axis, int offset) const {
    const int n = shape[axis], to = cell / stride[axis] % n + offset;
    return cell + (offset + (to < 0 ? n : to >= n ? -n : 0)) * stride[axis];
  }
};

// Six speeds of a field as the left or, all mirrored, as the right state sees them.
static void speeds_of(const lanes seen[2][VARIABLES], int k, bool right, lanes *s) {
  const int last = VARIABLES - 1;
  if (!right) {
    s[0] = seen[0][k], s[1] = seen[1][k], s[2] = seen[0][0], s[3] = seen[1][0];
    s[4] = seen[0][last], s[5] = seen[1][last];
  } else {
    s[0] = -seen[1][k], s[1] = -seen[0][k], s[2] = -seen[1][last], s[3] = -seen[0][last];
    s[4] = -seen[1][0], s[5] = -seen[0][0];
  }
}
static void speeds_back(lanes seen[2][VARIABLES], int k, bool right, const lanes *s) {
  const int last = VARIABLES - 1;
  if (!right) {
    seen[0][k] += s[0], seen[1][k] += s[1], seen[0][0] += s[2], seen[1][0] += s[3];
    seen[0][last] += s[4], seen[1][last] += s[5];
  } else {
    seen[1][k] -= s[0], seen[0][k] -= s[1], seen[1][last] -= s[2], seen[0][last] -= s[3];
    seen[1][0] -= s[4], seen[0][0] -= s[5];
  }
}
static bits awake_lanes(const lanes *c) {
  lanes found;
  awake(c, &found);
  return set_in(found != all(0.0));
}
static void value(const lanes *c, const lanes *s, const double *weights, lanes *to) {
  if (awake_lanes(c)) asked(c, s, weights, to);
  else plain(c, s, to);
}
static void value_back(const lanes *c, const lanes *s, const double *weights, lanes g, lanes *gc, lanes *gs,
                       lanes *gweights) {
  if (awake_lanes(c)) asked_back(c, s, weights, g, gc, gs, gweights);
  else plain_back(c, s, g, gc, gs);
}

// The face between cell j and the one before it along an axis.
static void look_at(const Work &k, const Grid &grid, int axis, int j, const double *weights, Face &face) {
  for (int m = 0; m < 6; m++)
    memcpy(face.w[m], k.w + grid.beside(j, axis, m - 3) * VARIABLES, sizeof face.w[m]);
  project[axis](face.w, face.frame, face.field, face.seen);
  for (int v = 0; v < VARIABLES; v++) {
    lanes s[6], c[6];
    speeds_of(face.seen, v, false, s);
    value(face.field[v], s, weights, face.left + v);
    speeds_of(face.seen, v, true, s);
    for (int m = 0; m < 6; m++) c[m] = face.field[v][5 - m];
    value(c, s, weights, face.right + v);
  }
}

// The speed the positivity limiter works with; so large that it never acts where it is not wanted.
// Gradients take it for a constant.
static lanes limiting_speed(const lanes *q, int cells, int axis, bits limited) {
  lanes top = all(0.0);
  if (!limited) return top;
  for (int i = 0; i < cells; i++) {
    lanes speed;
    fastest[axis](q + i * VARIABLES, &speed);
    top = larger(top, speed);
  }
  for (int lane = 0; lane < 8; lane++)
    if (!(limited >> lane & 1)) top[lane] = 1e200;
  return top;
}
static bool acts(const lanes *ql, const lanes *qr, const lanes *f, const lanes *speed) {
  lanes found;
  violated(ql, qr, f, speed, &found);
  return set_in(found != all(0.0));
}

static void rate(const lanes *q, lanes *out, Work &k, const Grid &grid, const double *weights, bits limited) {
  for (int i = 0; i < grid.cells; i++) prepare(q + i * VARIABLES, k.w + i * VARIABLES);
  memset(out, 0, sizeof(lanes) * grid.cells * VARIABLES);
  for (int axis = 0; axis < DIMENSION; axis++) {
    const lanes speed = limiting_speed(q, grid.cells, axis, limited);
    for (int j = 0; j < grid.cells; j++) {
      Face face;
      look_at(k, grid, axis, j, weights, face);
      const lanes *ql = q + grid.beside(j, axis, -1) * VARIABLES, *qr = q + j * VARIABLES;
      lanes *f = k.f + j * VARIABLES;
      flux[axis](face.frame, face.left, face.right, face.w[2], face.w[3], f);
      if (limited && acts(ql, qr, f, &speed)) {
        lanes better[VARIABLES];
        limit[axis](ql, qr, f, &speed, better);
        memcpy(f, better, sizeof better);
      }
    }
    for (int i = 0; i < grid.cells; i++)
      for (int v = 0; v < VARIABLES; v++)
        out[i * VARIABLES + v] += k.f[i * VARIABLES + v] - k.f[grid.beside(i, axis, 1) * VARIABLES + v];
  }
}

// Adds to gq and gweights what the gradient g of the rate gives them.
static void rate_back(const lanes *q, const lanes *g, lanes *gq, Work &k, const Grid &grid, const double *weights,
                      lanes *gweights, bits limited) {
  for (int i = 0; i < grid.cells; i++) prepare(q + i * VARIABLES, k.w + i * VARIABLES);
  memset(k.gw, 0, sizeof(lanes) * grid.cells * VARIABLES);
  for (int axis = 0; axis < DIMENSION; axis++) {
    const lanes speed = limiting_speed(q, grid.cells, axis, limited);
    for (int j = 0; j < grid.cells; j++) {
      const int below = grid.beside(j, axis, -1) * VARIABLES, above = j * VARIABLES;
      Face face;
      look_at(k, grid, axis, j, weights, face);
      lanes gf[VARIABLES], gframe[FRAME], gleft[VARIABLES], gright[VARIABLES], gfield[VARIABLES][6] = {},
          gseen[2][VARIABLES] = {};
      for (int v = 0; v < VARIABLES; v++) gf[v] = g[above + v] - g[below + v];
      if (limited) {
        lanes f[VARIABLES], share[VARIABLES];
        flux[axis](face.frame, face.left, face.right, face.w[2], face.w[3], f);
        if (acts(q + below, q + above, f, &speed)) {
          limit_back[axis](q + below, q + above, f, &speed, gf, share, gq + below, gq + above);
          memcpy(gf, share, sizeof share);
        }
      }
      flux_back[axis](face.frame, face.left, face.right, face.w[2], face.w[3], gf, gframe, gleft, gright,
                      k.gw + below, k.gw + above);
      for (int v = 0; v < VARIABLES; v++) {
        lanes s[6], c[6], gc[6] = {}, gs[6] = {}, gt[6] = {};
        speeds_of(face.seen, v, false, s);
        value_back(face.field[v], s, weights, gleft[v], gfield[v], gs, gweights);
        speeds_back(gseen, v, false, gs);
        speeds_of(face.seen, v, true, s);
        for (int m = 0; m < 6; m++) c[m] = face.field[v][5 - m];
        value_back(c, s, weights, gright[v], gc, gt, gweights);
        for (int m = 0; m < 6; m++) gfield[v][5 - m] += gc[m];
        speeds_back(gseen, v, true, gt);
      }
      lanes *gw[6];
      for (int m = 0; m < 6; m++) gw[m] = k.gw + grid.beside(j, axis, m - 3) * VARIABLES;
      project_back[axis](face.w, gframe, gfield, gseen, gw);
    }
  }
  for (int i = 0; i < grid.cells; i++)
    prepare_back(q + i * VARIABLES, k.gw + i * VARIABLES, gq + i * VARIABLES);
}

static bits unphysical(const lanes *q, int cells) {
  bits found = 0;
  for (int i = 0; i < cells; i++) {
    lanes fine;
    physical(q + i * VARIABLES, &fine);
    found |= set_in(fine != all(1.0));
    for (int v = 0; v < VARIABLES; v++) found |= set_in(q[i * VARIABLES + v] != q[i * VARIABLES + v]);
  }
  return found;
}

// All steps; returns the lanes that became unphysical (and have been put back to the start).
static bits march(lanes *q, lanes dt, const Grid &grid, int steps, const double *weights, lanes *tape, bits limited) {
  const size_t n = (size_t)grid.cells * VARIABLES;
  Work k{room(n), room(n), nullptr};
  lanes *r = room(n), *a = room(n), *start = room(n);
  bits lost = 0;
  memcpy(start, q, n * sizeof(lanes));
  for (int step = 0; step < steps; step++) {
    for (int stage = 0; stage < 3; stage++) {
      const lanes *from = stage ? a : q;
      if (tape) memcpy(tape, from, n * sizeof(lanes)), tape += n;
      rate(from, r, k, grid, weights, limited);
      const double old = stage == 0 ? 0.0 : stage == 1 ? 0.75 : 1.0 / 3.0;
      lanes *to = stage == 2 ? q : a;
      for (size_t i = 0; i < n; i++) to[i] = old * q[i] + (1.0 - old) * (from[i] + dt * r[i]);
      lost |= unphysical(to, grid.cells);
    }
    for (int lane = 0; lane < 8; lane++)
      if (lost >> lane & 1)
        for (size_t i = 0; i < n; i++) q[i][lane] = start[i][lane];
  }
  free(k.w), free(k.f), free(r), free(a), free(start);
  return lost;
}

// q: start, then end; limited, lost: bits of lanes. Rows that fail run again with the limiter.
extern "C" void forward(lanes *q, const lanes *dt, const int *shape, int steps, const double *weights, lanes *tape,
                        bits *limited, bits *lost) {
  const Grid grid(shape);
  const size_t n = (size_t)grid.cells * VARIABLES;
  lanes *start = room(n);
  memcpy(start, q, n * sizeof(lanes));
  *limited = 0;
  *lost = march(q, *dt, grid, steps, weights, tape, 0);
  if (*lost && LIMITER) {
    *limited = *lost;
    memcpy(q, start, n * sizeof(lanes));
    *lost = march(q, *dt, grid, steps, weights, tape, *limited);
  }
  free(start);
}

// g: gradient with respect to the end, then to the start; gweights is added to.
extern "C" void backward(lanes *g, const lanes *dt, const int *shape, int steps, const double *weights,
                         const lanes *tape, lanes *gweights, bits limited) {
  const Grid grid(shape);
  const size_t n = (size_t)grid.cells * VARIABLES;
  Work k{room(n), room(n), room(n)};
  lanes *gq = room(n), *ga = room(n), *scaled = room(n);
  for (int step = steps - 1; step >= 0; step--) {
    memset(gq, 0, n * sizeof(lanes));
    for (int stage = 2; stage >= 0; stage--) {
      const double old = stage == 0 ? 0.0 : stage == 1 ? 0.75 : 1.0 / 3.0;
      // Of the stage's result: g at the last, else what the stage after it has left in ga.
      lanes *result = stage == 2 ? g : ga;
      for (size_t i = 0; i < n; i++) {
        gq[i] += old * result[i];
        ga[i] = (1.0 - old) * result[i];
        scaled[i] = *dt * ga[i];
      }
      rate_back(tape + ((size_t)step * 3 + stage) * n, scaled, ga, k, grid, weights, gweights, limited);
    }
    for (size_t i = 0; i < n; i++) g[i] = gq[i] + ga[i];
  }
  free(k.w), free(k.f), free(k.gw), free(gq), free(ga), free(scaled);
}
