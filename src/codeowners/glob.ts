/** Does a path fit? Takes time in proportion to path and pattern, whatever stars there are. */
export type PathPattern = (path: string) => boolean;

/** One character of a name, or any number of them. */
type Token = { readonly is: 'star' } | { readonly is: 'one'; readonly fits: (character: string) => boolean };
/** A name, or names: `any` number of them, or `some`. */
type Part = 'any' | 'some' | readonly Token[];

/** A pattern of GitHub: as in `.gitignore`, but `docs/*` means the files right in the folder. Undefined for what GitHub does not take. */
export function githubPattern(pattern: string): PathPattern | undefined {
  if (/^[!#]/.test(pattern) || pattern.includes('[') || pattern.startsWith('\\#')) return undefined;
  const isAnchored = /^\/|\/(?=.)/.test(pattern);
  const names = pattern.split('/').filter((name) => name !== '');
  const last = names.at(-1);
  if (last === undefined) return () => true; // "/": everything
  const parts = names.map((name, index): Part => (name !== '**' ? tokensOf(name, false) : index === names.length - 1 ? 'some' : 'any'));
  const isExact = last === '**' || (last === '*' && isAnchored);
  const end: readonly Part[] = pattern.endsWith('/') ? ['some'] : isExact ? [] : ['any'];
  return matcherOf([...(isAnchored ? [] : (['any'] as const)), ...parts, ...end]);
}

/** A pattern of GitLab: Ruby's `fnmatch` over whole paths; without a slash in front it may begin in any folder. */
export function gitlabPattern(pattern: string): PathPattern {
  const whole = pattern.startsWith('/') ? pattern : `/**/${pattern}`;
  const names = (whole.endsWith('/') ? `${whole}**/*` : whole).split('/').slice(1);
  // At the end, two stars mean no more than one.
  return matcherOf(names.map((name, index): Part => (name === '**' && index < names.length - 1 ? 'any' : tokensOf(name, true))));
}

function matcherOf(parts: readonly Part[]): PathPattern {
  return (path) => {
    const names = path.split('/');
    // Which numbers of names the parts so far can stand for.
    let reached = new Set([0]);
    for (const part of parts) reached = new Set([...reached].flatMap((at) => [...after(part, names, at)]));
    return reached.has(names.length);
  };
}

function* after(part: Part, names: readonly string[], at: number): Generator<number> {
  if (part === 'any' || part === 'some') {
    for (let end = part === 'any' ? at : at + 1; end <= names.length; end++) yield end;
    return;
  }
  const name = names[at];
  if (name !== undefined && fits(part, name)) yield at + 1;
}

/** The last star takes one more character whenever the rest does not fit. */
function fits(tokens: readonly Token[], name: string): boolean {
  let [at, token] = [0, 0];
  let star: { readonly token: number; at: number } | undefined;
  while (at < name.length) {
    const now = tokens[token];
    if (now?.is === 'star') {
      star = { token, at };
      token++;
    } else if (now?.fits(name[at] ?? '') === true) {
      at++;
      token++;
    } else if (star) {
      star.at++;
      at = star.at;
      token = star.token + 1;
    } else return false;
  }
  return tokens.slice(token).every(({ is }) => is === 'star');
}

function tokensOf(name: string, hasClasses: boolean): readonly Token[] {
  const words = name.match(hasClasses ? /\\.|\[[!^]?[^\]]+\]|\*+|./gs : /\\.|\*+|./gs) ?? [];
  return words.map((word): Token => {
    if (word.startsWith('*')) return { is: 'star' };
    if (word === '?') return { is: 'one', fits: () => true };
    if (word.length > 2 && word.startsWith('[')) return { is: 'one', fits: classOf(word.slice(1, -1)) };
    const character = word.replace(/^\\(?=.)/s, '');
    return { is: 'one', fits: (other) => other === character };
  });
}

/** `a-z0`, `!a-z`. */
function classOf(text: string): (character: string) => boolean {
  const isNegative = /^[!^]/.test(text);
  const members = (isNegative ? text.slice(1) : text).match(/.-.|./gs) ?? [];
  const has = (character: string): boolean =>
    members.some((member) => (member.length === 3 ? character >= (member[0] ?? '') && character <= (member[2] ?? '') : character === member));
  return (character) => has(character) !== isNegative;
}
