import { githubPattern, type PathPattern } from './glob.ts';
import { beforeComment, isOwner, tokensOf } from './tokens.ts';
import type { OwnerGroup, OwnersMistake, ReadOwners } from './types.ts';

/** GitHub: the last line that matches a file says who owns it; without owners it takes the file away from everybody. */
export const readGithub: ReadOwners = (lines) => {
  const mistakes: OwnersMistake[] = [];
  const rules = lines.flatMap((text, index): readonly { readonly fits: PathPattern; readonly group: OwnerGroup }[] => {
    const [written, ...owners] = beforeComment(tokensOf(text));
    if (written === undefined) return [];
    const line = index + 1;
    const fits = githubPattern(written);
    const wrong = owners.filter((owner) => !isOwner(owner));
    if (!fits) mistakes.push({ line, message: `"${written}" is no pattern that GitHub takes: it knows neither !, [ ] nor \\#` });
    if (wrong.length > 0) mistakes.push({ line, message: `${wrong.map((word) => `"${word}"`).join(', ')}: not an owner` });
    return fits ? [{ fits, group: { owners, required: 1, line } }] : [];
  });
  return {
    mistakes,
    ownersOf: (path) => {
      const found = rules.findLast(({ fits }) => fits(path));
      return found && found.group.owners.length > 0 ? [found.group] : [];
    },
  };
};
