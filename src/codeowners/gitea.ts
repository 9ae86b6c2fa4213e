import { createContext, Script } from 'node:vm';
import { SlipwayError } from '../core/index.ts';
import { isOwner } from './tokens.ts';
import type { OwnerGroup, OwnersMistake, ReadOwners } from './types.ts';

const MOST_MS = 500;
interface Rule {
  readonly pattern: RegExp;
  readonly isNegative: boolean;
  readonly group: OwnerGroup;
}

/** Gitea and Forgejo: regular expressions over the whole path, with `!` in front for every other path; all lines that match count. */
export const readGitea: ReadOwners = (lines) => {
  const mistakes: OwnersMistake[] = [];
  const rules = lines.flatMap((text, index): readonly Rule[] => {
    const [written, ...words] = wordsOf(text);
    if (written === undefined) return [];
    const owners = words.map((word) => (word.startsWith('@') ? word : `@${word}`));
    const line = index + 1;
    const pattern = expression(written.replace(/^!/, ''));
    const wrong = owners.filter((owner) => !isOwner(owner));
    if (!pattern) mistakes.push({ line, message: `"${written}" is no regular expression` });
    if (wrong.length > 0) mistakes.push({ line, message: `${wrong.map((word) => `"${word}"`).join(', ')}: not an owner` });
    if (owners.length === 0) mistakes.push({ line, message: `"${written}" has no owner` });
    return pattern && owners.length > 0 ? [{ pattern, isNegative: written.startsWith('!'), group: { owners, required: 1, line } }] : [];
  });
  const matching = createMatcher(rules);
  return { mistakes, ownersOf: (path) => matching(path).map(({ group }) => group) };
};

/** A backslash takes away the meaning of any character behind it, so that `\\\\.` is what an expression needs; `#` begins a comment anywhere. */
function wordsOf(line: string): readonly string[] {
  const code = /^(?:\\.|[^\\#])*/.exec(line)?.[0] ?? '';
  return (code.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => word.replaceAll(/\\(.)/g, '$1'));
}

/** Go's expressions may begin with flags, which stand elsewhere in ours. */
function expression(text: string): RegExp | undefined {
  const [, flags = '', rest = text] = /^\(\?([ims]+)\)(.*)$/s.exec(text) ?? [];
  try {
    return new RegExp(`^(?:${rest})$`, flags);
  } catch {
    return undefined; // said as a mistake of the line
  }
}

/** Go looks for an expression in one pass, and we in as many as it takes: so ours has a time limit. */
function createMatcher(rules: readonly Rule[]): (path: string) => readonly Rule[] {
  const context = createContext({ rules, path: '' });
  const script = new Script('rules.filter(({ pattern, isNegative }) => pattern.test(path) !== isNegative)');
  return (path) => {
    context['path'] = path;
    try {
      return script.runInContext(context, { timeout: MOST_MS }) as readonly Rule[]; // what the script gives: some of our own rules
    } catch (cause) {
      throw new SlipwayError('CODEOWNERS_SLOW', `the patterns of code owners take longer than ${MOST_MS} ms for ${JSON.stringify(path.slice(0, 80))}`, {
        hint: 'simplify the regular expressions: no repetition inside of a repetition',
        cause,
      });
    }
  };
}
