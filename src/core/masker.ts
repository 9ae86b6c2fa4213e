import { Secret } from './secret.ts';

const LEAST_LENGTH = 6;
/** A shorter piece of a secret tells nothing, and would be found everywhere. */
const LEAST_PIECE = 4;
const MASK = '[secret]';

/** Replaces every known secret, and the usual encodings of it, in text that is about to be stored or shown. */
export interface Masker {
  /** Remember a secret: whole, line by line, URL-encoded, JSON-escaped and in the three base64 alignments. */
  add(secret: Secret | string): void;
  /** The text with every remembered form replaced by `[secret]`. */
  mask(text: string): string;
  /** Longest remembered form, in UTF-16 code units; a stream must hold back this many minus one. */
  readonly longest: number;
  /**
   * A place near `end` that lies in no remembered form: text may be cut there and masked piece by piece. It is before `end`, or, when forms overlap
   * all the way back to `least`, right after the last of them.
   */
  cutAt(text: string, end: number, least: number): number;
  /** The beginning and the end of a text whose middle is missing, without the pieces of a secret that the cuts may have gone through. */
  maskEnds(head: string, tail: string): { readonly head: string; readonly tail: string };
}

/**
 * Make an empty masker. Forms shorter than 6 characters are not masked, because masking them would blacken ordinary
 * words; whoever accepts a secret should refuse shorter ones.
 */
export function createMasker(): Masker {
  const forms = new Set<string>();
  let ordered: readonly string[] = [];
  let longest = 0;
  const mask = (text: string): string => ordered.reduce((masked, form) => (masked.includes(form) ? masked.replaceAll(form, MASK) : masked), text);
  return {
    add: (secret) => {
      for (const form of formsOf(secret instanceof Secret ? secret.reveal() : secret)) forms.add(form);
      // Longest first, so that a secret that contains another one disappears whole.
      ordered = [...forms].sort((a, b) => b.length - a.length);
      longest = ordered[0]?.length ?? 0;
    },
    mask,
    get longest() {
      return longest;
    },
    cutAt: (text, end, least) => {
      let at = end;
      // A form that reaches across the place moves it to where that form begins; another one may reach across there.
      for (let crossing = crossed(ordered, text, at); crossing; crossing = crossed(ordered, text, at)) {
        if (crossing.from < least) return crossed(ordered, text, end)?.to ?? end;
        at = crossing.from;
      }
      return at;
    },
    maskEnds: (head, tail) => {
      const [first, last] = [mask(head), mask(tail)];
      const begun = Math.max(0, ...ordered.map((form) => pieceLength(form, (length) => first.endsWith(form.slice(0, length)))));
      const ended = Math.max(0, ...ordered.map((form) => pieceLength(form, (length) => last.startsWith(form.slice(-length)))));
      return { head: begun > 0 ? first.slice(0, -begun) + MASK : first, tail: ended > 0 ? MASK + last.slice(ended) : last };
    },
  };
}

/** The form that reaches across a place and begins first. */
function crossed(forms: readonly string[], text: string, at: number): { readonly from: number; readonly to: number } | undefined {
  let first: { readonly from: number; readonly to: number } | undefined;
  for (const form of forms) {
    const start = Math.max(0, at - form.length + 1);
    const found = text.slice(start, at + form.length - 1).indexOf(form);
    if (found >= 0 && (first === undefined || start + found < first.from)) first = { from: start + found, to: start + found + form.length };
  }
  return first;
}

/** Length of the longest piece of a form, shorter than the form, that is there. */
function pieceLength(form: string, isThere: (length: number) => boolean): number {
  for (let length = form.length - 1; length >= LEAST_PIECE; length--) if (isThere(length)) return length;
  return 0;
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
