/**
 * The numbers of Python's random.Random(seed).random(), so that a seed writes the same text on
 * the page and in a notebook. Source: Matsumoto and Nishimura (1998), and CPython's seeding.
 */

const N = 624;
const M = 397;

/**
 * @param {number} seed a whole number from 0 to 2**32 - 1
 * @returns {() => number} from 0 up, below 1
 */
export function uniform(seed) {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new RangeError(`a seed is a whole number from 0 to 4294967295, not ${seed}`);
  }
  const state = seeded(seed);
  let next = N;
  const bits = () => {
    if (next === N) {
      twist(state);
      next = 0;
    }
    let y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => {
    const [a, b] = [bits() >>> 5, bits() >>> 6];
    return (a * 2 ** 26 + b) / 2 ** 53;
  };
}

/** @param {number} seed */
function seeded(seed) {
  const state = new Uint32Array(N);
  state[0] = 19650218;
  for (let i = 1; i < N; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  for (let i = 1, k = N; k > 0; k--) {
    state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1664525)) + seed;
    if (++i >= N) [state[0], i] = [state[N - 1], 1];
  }
  // N steps from 1 on have come round to place 2
  for (let i = 2, k = N - 1; k > 0; k--) {
    state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1566083941)) - i;
    if (++i >= N) [state[0], i] = [state[N - 1], 1];
  }
  state[0] = 0x80000000;
  return state;
}

/** @param {Uint32Array} state */
function twist(state) {
  for (let i = 0; i < N; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
    state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
