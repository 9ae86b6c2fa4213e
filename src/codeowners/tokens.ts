const LOGIN = /^@[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){0,20}$/;
const ROLE = /^@@[a-z]{1,40}$/;
const MAIL = /^[^\s@]{1,200}@[^\s@]{1,200}$/;

/** Words of a line, backslashes included; a space behind one belongs to its word. */
export function tokensOf(line: string): readonly string[] {
  return line.match(/(?:\\.|[^\s\\])+/g) ?? [];
}

/** `@login`, `@org/team`, `@@role`, an address. */
export function isOwner(word: string): boolean {
  return LOGIN.test(word) || ROLE.test(word) || MAIL.test(word);
}

/** Words up to a comment at the end of the line. */
export function beforeComment(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word.startsWith('#'));
  return at < 0 ? words : words.slice(0, at);
}
