import type { z } from 'zod';
import type { Parsed } from '../core/index.ts';
import { createReporter, hasErrors, inFileOrder, type Mistake } from './report.ts';
import { jsonSchemaOf } from './shape/documents.ts';
import { mistakesOf } from './shape/issues.ts';
import { readYaml } from './yaml/read.ts';

/** Says what is wrong at a place of the document. */
export type Report = (mistake: Mistake) => void;

/**
 * Read a YAML file that holds one document of a shape, such as the settings of a server; all mistakes at once, with line, column and hint, in the
 * words that files of a repository get. `check` adds those that no single key shows; it sees only documents of the right shape.
 */
export function parseShaped<T>(content: string | Uint8Array, file: string, shape: z.ZodType<T>, check: (value: T, report: Report) => void): Parsed<T> {
  const { documents, problems } = readYaml(content, file);
  const [document, ...more] = documents;
  if (!document) return { ok: false, problems };
  const reporter = createReporter(() => document.tree, file);
  reporter.problems.push(...problems, ...document.problems);
  if (more.length > 0)
    reporter.report({ code: 'YAML_TOO_LARGE', path: [], message: `the file holds ${documents.length} documents, not one`, hint: 'keep the first' });
  const parsed = document.isReadable ? shape.safeParse(document.value) : undefined;
  for (const mistake of mistakesOf(parsed?.error?.issues ?? [], { value: document.value, schema: jsonSchemaOf(shape), ignores: () => false }))
    reporter.report(mistake);
  if (parsed?.success) check(parsed.data, reporter.report);
  const all = inFileOrder(reporter.problems);
  return parsed?.success && !hasErrors(all) ? { ok: true, value: parsed.data, problems: all } : { ok: false, problems: all };
}
