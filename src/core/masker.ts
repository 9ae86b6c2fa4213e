import { Secret } from './secret.ts';

const LEAST_LENGTH = 6;
const MASK = '[secret]';

/** Replaces every known secret, and the usual encodings of it, in text that is about to be stored or shown. */
export interface Masker {
  /** Remember a secret: whole, line by line, URL-encoded, JSON-escaped and in the three base64 alignments. */
  add(secret: Secret | string): void;
  /** The text with every remembered form replaced by `[secret]`. */
  mask(text: string): string;
  /** Longest remembered form, in UTF-16 code units; a stream must hold back this many minus one. */
  readonly longest: number;
}

/**
 * Make an empty masker. Forms shorter than 6 characters are not masked, because masking them would blacken ordinary
 * words; whoever accepts a secret should refuse shorter ones.
 */
export function createMasker(): Masker {
  const forms = new Set<string>();
  let ordered: readonly string[] = [];
  let longest = 0;
  return {
    add: (secret) => {
      for (const form of formsOf(secret instanceof Secret ? secret.reveal() : secret)) forms.add(form);
      // Longest first, so that a secret that contains another one disappears whole.
      ordered = [...forms].sort((a, b) => b.length - a.length);
      longest = ordered[0]?.length ?? 0;
    },
    mask: (text) => ordered.reduce((masked, form) => (masked.includes(form) ? masked.replaceAll(form, MASK) : masked), text),
    get longest() {
      return longest;
    },
  };
}

function* formsOf(text: string): Generator<string> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  for (const plain of new Set([text, text.trim(), ...lines])) {
    if (plain.length < LEAST_LENGTH) continue;
    yield plain;
    yield encodeURIComponent(plain);
    yield JSON.stringify(plain).slice(1, -1);
    for (const offset of [0, 1, 2]) {
      const form = base64At(plain, offset);
      if (form.length >= LEAST_LENGTH) yield form;
    }
  }
}

/** The part of the base64 text that does not depend on the bytes before or after. */
function base64At(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const encoded = bytes.toString('base64').replace(/=+$/, '');
  const first = offset === 0 ? 0 : offset + 1;
  const last = bytes.length % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(first, last);
}
