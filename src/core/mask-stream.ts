import type { Masker } from './masker.ts';

/** A text that comes in pieces, masked as if it had come whole. */
export interface MaskStream {
  /** @returns what may be stored or shown by now; the rest waits for more. */
  push(piece: string): string;
  /** The rest. */
  end(): string;
}

/** How far back a place to cut is looked for: text may consist of nothing but overlapping secrets. */
const FARTHEST = 16_384;

/** Holds back as much as a secret that has begun may need. Secrets that the masker learns meanwhile count from then on. */
export function createMaskStream(masker: Masker): MaskStream {
  let held = '';
  return {
    push: (piece) => {
      const text = held + piece;
      // A form that begins before this place is there whole: whether it is one, and which, is decided.
      const decided = text.length - Math.max(0, masker.longest - 1);
      const cut = decided <= 0 ? 0 : masker.cutAt(text, decided, decided - FARTHEST);
      held = text.slice(cut);
      return masker.mask(text.slice(0, cut));
    },
    end: () => {
      const rest = masker.mask(held);
      held = '';
      return rest;
    },
  };
}
