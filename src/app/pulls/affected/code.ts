/** What a file of code names of the files around it. */
export interface CodeUses {
  /** Relative paths as written: `./network.ts`, `../shared`. */
  readonly relative: readonly string[];
  /** It loads something whose name is made when it runs. */
  readonly isDynamic: boolean;
}

const CODE = /\.(?:[cm]?[jt]sx?)$/;
/** Languages whose imports are not followed here. */
const FOREIGN = /\.(?:py|go|cs|fs|vb|java|kts?|scala|groovy|rb|rs)$/;
const LITERAL = /(["'`])(?<path>\.{1,2}(?:\/(?:(?!\1)[^\\\n$])*)?)\1/g;
const DYNAMIC = /\b(?:import|require)\s*\(\s*(?!\s*["'`])/;
const TEMPLATE = /\b(?:import|require)\s*\(\s*`[^`]*\$\{/;

/** JavaScript or TypeScript: what it names can be found. */
export function isCode(path: string): boolean {
  return CODE.test(path);
}

/** Code of a language whose imports are not followed here. */
export function isForeign(path: string): boolean {
  return FOREIGN.test(path);
}

/**
 * Find what a file names, without running or parsing it: every text that looks like a relative path counts, so that imports, `new URL` and files that
 * are read are all found, and sometimes more than that.
 */
export function codeUses(text: string): CodeUses {
  const relative = new Set([...text.matchAll(LITERAL)].map(({ groups }) => groups?.['path'] ?? '.'));
  return { relative: [...relative], isDynamic: DYNAMIC.test(text) || TEMPLATE.test(text) };
}
