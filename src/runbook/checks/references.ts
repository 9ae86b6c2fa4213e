import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { ParsedDocument } from '../parse.ts';
import type { Path } from '../path.ts';
import type { Catalogues } from '../repository.ts';
import type { DocumentKind } from '../shape/documents.ts';
import { phasesOf } from '../walk/collect.ts';
import { callInputs } from './calls.ts';
import { mapsIn, suggest } from './context.ts';

interface Walk {
  readonly document: ParsedDocument;
  readonly catalogues: Catalogues;
}

/** Names that lead to other files. */
export function checkReferences(document: ParsedDocument, catalogues: Catalogues): void {
  const walk: Walk = { document, catalogues };
  const { raw } = document;
  if (!raw) return;
  if (document.kind === 'Runbook') runbook(walk, raw);
  if (document.kind === 'Environment') window(walk, raw['window'], ['window']);
  if (document.kind === 'Wave') wave(walk, raw);
  if (document.kind === 'Portfolio')
    for (const [index, service] of mapsIn(raw['services'])) name(walk, 'Runbook', service['runbook'], ['services', index, 'runbook']);
}

function runbook(walk: Walk, raw: JsonObject): void {
  const { inventory, remediation } = raw;
  if (isObject(remediation)) {
    const callee = name(walk, 'Runbook', remediation['runbook'], ['remediation', 'runbook']);
    if (callee?.raw) inputsOf(walk, callee.raw, { given: remediation['inputs'], path: ['remediation', 'inputs'] });
  }
  if (inventory !== undefined && isArray(inventory)) for (const [index, entry] of inventory.entries()) name(walk, 'Inventory', entry, ['inventory', index]);
  else name(walk, 'Inventory', inventory, ['inventory']);
  for (const [index, phase] of phasesOf(raw).entries()) {
    name(walk, 'Environment', phase['environment'], ['phases', index, 'environment']);
    window(walk, phase['window'], ['phases', index, 'window']);
  }
}

function wave(walk: Walk, raw: JsonObject): void {
  window(walk, raw['window'], ['window']);
  const callee = name(walk, 'Runbook', raw['runbook'], ['runbook']);
  if (callee?.raw) inputsOf(walk, callee.raw, { given: raw['inputs'], path: ['inputs'] });
}

/** Inputs that a file gives to a runbook; secret ones are given when it starts. */
function inputsOf(walk: Walk, callee: JsonObject, { given, path }: { readonly given: Json | undefined; readonly path: Path }): void {
  callInputs({ callee, given, path, owner: path.slice(0, -1), secrets: 'givenLater', report: walk.document.reporter.report });
}

function window(walk: Walk, rule: Json | undefined, path: Path): void {
  if (!isObject(rule)) return;
  for (const key of ['allow', 'deny'] as const) name(walk, 'Calendar', rule[key], [...path, key]);
}

/** The document a name leads to; a name that leads nowhere is a mistake. */
function name({ document, catalogues }: Walk, kind: DocumentKind, value: Json | undefined, path: Path): ParsedDocument | undefined {
  if (typeof value !== 'string' || value.includes('${{')) return undefined;
  const found = catalogues[kind].get(value);
  if (found) return found;
  const noun = kind.toLowerCase();
  const known = [...catalogues[kind].keys()];
  const hint = known.length === 0 ? `add a file with kind: ${kind} and metadata.name: ${value}` : suggest(value, known, noun);
  document.reporter.report({ code: `UNKNOWN_${kind.toUpperCase()}`, path, message: `there is no ${noun} "${value}" in this repository`, hint });
  return undefined;
}
