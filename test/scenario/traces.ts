import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The ways in which a secret is likely to be written down, by name. */
export function formsOf(secret: string): ReadonlyMap<string, string> {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64');
    // What does not depend on the bytes before and after.
    const own = text.slice(Math.ceil((offset * 4) / 3), -4);
    return [
      [`base64 at ${offset}`, own],
      [`base64url at ${offset}`, own.replaceAll('+', '-').replaceAll('/', '_')],
    ] as const;
  });
  return new Map([
    ['plain', secret],
    ['JSON', json(secret)],
    ['JSON in JSON', json(json(secret))],
    ['URL', encodeURIComponent(secret)],
    ['form', new URLSearchParams({ x: secret }).toString().slice(2)],
    ...base64,
  ]);
}

/** Where a secret is found, and in which form. */
export function tracesIn(bytes: Buffer, secret: string, where: string): readonly string[] {
  return [...formsOf(secret)].flatMap(([form, text]) => (bytes.includes(text) ? [`${where}: ${form}`] : []));
}

/** Every file below a folder. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export function tracesBelow(folder: string, secret: string): readonly string[] {
  return filesBelow(folder).flatMap((file) => [...tracesIn(readFileSync(file), secret, file), ...tracesIn(Buffer.from(file), secret, `the name of ${file}`)]);
}
