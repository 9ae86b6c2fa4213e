import type { Problem } from '../core/index.ts';
import { type LoadedInventory, pathText } from '../runbook/index.ts';

export type Report = (mistake: { readonly code: string; readonly path: readonly (string | number)[]; readonly message: string; readonly hint: string }) => void;

/** Note mistakes of one inventory file. */
export function reporterOf(inventory: LoadedInventory, problems: Problem[]): Report {
  return ({ code, path, message, hint }) => {
    const text = pathText(path);
    problems.push({ code, severity: 'error', file: inventory.file, ...inventory.at(text), path: text, message, hint });
  };
}
