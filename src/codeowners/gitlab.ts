import { gitlabPattern, type PathPattern } from './glob.ts';
import { beforeComment, isOwner, tokensOf } from './tokens.ts';
import type { OwnersMistake, ReadOwners } from './types.ts';

interface Section {
  readonly name: string;
  required: number;
  isOptional: boolean;
  readonly rules: Rule[];
}
interface Rule {
  readonly fits: PathPattern;
  readonly owners: readonly string[];
  readonly line: number;
  /** `!path`: whatever matches belongs to nobody in this section, whatever other lines say. */
  readonly excludes: boolean;
}
interface Reading {
  readonly sections: Map<string, Section>;
  readonly mistakes: OwnersMistake[];
  current: Section;
  defaults: readonly string[];
}

const HEADING = /^(?<optional>\^)?\[(?<name>[^\]]+)\](?:\[(?<count>\d{1,3})\])?(?<rest>\s.*)?$/;

/** GitLab: every section is asked by itself, and in it the last line that matches counts. Sections with a `^` only inform. */
export const readGitlab: ReadOwners = (lines) => {
  const first: Section = { name: '', required: 1, isOptional: false, rules: [] };
  const reading: Reading = { sections: new Map([['', first]]), mistakes: [], current: first, defaults: [] };
  for (const [index, text] of lines.entries()) readLine(reading, text.trim(), index + 1);
  const asked = [...reading.sections.values()].filter(({ isOptional }) => !isOptional);
  return { mistakes: reading.mistakes, ownersOf: (path) => asked.flatMap((section) => groupOf(section, path)) };
};

function readLine(reading: Reading, text: string, line: number): void {
  if (text === '' || text.startsWith('#')) return;
  const heading = HEADING.exec(text)?.groups;
  if (heading) {
    startSection(reading, heading, line);
    return;
  }
  const [written = '', ...words] = tokensOf(text);
  const excludes = written.startsWith('!');
  const owners = ownersIn(reading, words, line);
  const fits = gitlabPattern(excludes ? written.slice(1) : written);
  reading.current.rules.push({ fits, owners: owners.length > 0 ? owners : reading.defaults, line, excludes });
}

/** The same section may be written several times, in any case; the strictest heading counts. */
function startSection(reading: Reading, { name = '', count, optional, rest = '' }: { readonly [part: string]: string | undefined }, line: number): void {
  const key = name.trim().toLowerCase();
  const isOptional = optional !== undefined;
  const required = isOptional ? 1 : Math.max(1, Number(count ?? '1'));
  const known = reading.sections.get(key);
  if (known) {
    known.required = Math.max(known.required, required);
    known.isOptional &&= isOptional;
  }
  const section = known ?? { name: name.trim(), required, isOptional, rules: [] };
  reading.sections.set(key, section);
  reading.current = section;
  reading.defaults = ownersIn(reading, tokensOf(rest), line);
}

/** GitLab has no comments at the end of a line: an owner there is one. */
function ownersIn({ mistakes }: Reading, words: readonly string[], line: number): readonly string[] {
  const wrong = beforeComment(words).filter((word) => !isOwner(word));
  if (wrong.length > 0) mistakes.push({ line, message: `${wrong.map((word) => `"${word}"`).join(', ')}: not an owner` });
  return words.filter(isOwner);
}

function groupOf({ name, required, rules }: Section, path: string): ReturnType<ReturnType<ReadOwners>['ownersOf']> {
  const matching = rules.filter(({ fits }) => fits(path));
  const last = matching.at(-1);
  if (!last || last.owners.length === 0 || matching.some(({ excludes }) => excludes)) return [];
  return [{ owners: last.owners, required, line: last.line, ...(name === '' ? {} : { section: name }) }];
}
