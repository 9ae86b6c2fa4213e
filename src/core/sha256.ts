/**
 * SHA-256 (FIPS 180-4) without Node, for the few short texts that a pure decision hashes. Anything long is for `digestOf`, which is many times faster.
 *
 * @returns the digest as eight words of 32 bits.
 */
export function sha256(text: string): Uint32Array {
  const state = Uint32Array.from(START);
  const bytes = padded(new TextEncoder().encode(text));
  const schedule = new Uint32Array(64);
  for (let at = 0; at < bytes.byteLength; at += 64) {
    for (let t = 0; t < 16; t++) schedule[t] = bytes.getUint32(at + 4 * t);
    compress(state, schedule);
  }
  return state;
}

/** The message, a bit, zeros, and its length in bits: a whole number of blocks of 64 bytes. */
function padded(message: Uint8Array): DataView {
  const blocks = Math.ceil((message.length + 9) / 64);
  const bytes = new Uint8Array(blocks * 64);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(bytes.length - 4, message.length * 8);
  return view;
}

function compress(state: Uint32Array, w: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const [two = 0, seven = 0, fifteen = 0, sixteen = 0] = [w[t - 2], w[t - 7], w[t - 15], w[t - 16]];
    w[t] = small(two, 17, 19, 10) + seven + small(fifteen, 7, 18, 3) + sixteen;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const first = (h + big(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + (ROUNDS[t] ?? 0) + (w[t] ?? 0)) | 0;
    const second = (big(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] ?? 0) + word;
}

function big(word: number, one: number, two: number, three: number): number {
  return rotate(word, one) ^ rotate(word, two) ^ rotate(word, three);
}
function small(word: number, one: number, two: number, shift: number): number {
  return rotate(word, one) ^ rotate(word, two) ^ (word >>> shift);
}
function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

const words = (hex: string): Uint32Array => Uint32Array.from(hex.split(' '), (word) => Number.parseInt(word, 16));
const START = words('6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19');
const ROUNDS = words(
  [
    '428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174',
    'e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da 983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967',
    '27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070',
    '19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2',
  ].join(' '),
);
