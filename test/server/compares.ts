import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';

/** Counts comparisons in constant time while it is open, with the lengths that were compared. */
export function countingCompares(): Disposable & { readonly lengths: readonly (readonly [number, number])[] } {
  const lengths: [number, number][] = [];
  const real = crypto.timingSafeEqual;
  const mocked = mock.method(crypto, 'timingSafeEqual', (a: Buffer, b: Buffer) => {
    lengths.push([a.byteLength, b.byteLength]);
    return real(a, b);
  });
  syncBuiltinESMExports();
  return {
    lengths,
    [Symbol.dispose]: () => {
      mocked.mock.restore();
      syncBuiltinESMExports();
    },
  };
}
