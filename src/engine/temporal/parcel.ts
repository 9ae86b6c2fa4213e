/** Longest text that travels in one message, in UTF-16 units: below the 2 MB of the server even when each takes three bytes. */
const MOST_TEXT = 600_000;

/** Text in pieces that each fit into a message. */
export function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  for (let from = 0, to = 0; from < text.length || parts.length === 0; from = to) {
    to = endOfPart(text, from + MOST_TEXT);
    parts.push(text.slice(from, to));
  }
  return parts;
}

/** Not in the middle of a character that takes two units: half of one is none. */
function endOfPart(text: string, to: number): number {
  const unit = text.charCodeAt(to - 1);
  return to < text.length && unit >= 0xd800 && unit <= 0xdbff ? to - 1 : Math.min(to, text.length);
}
