import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** One property that an SDK class declares. */
export interface Property {
  readonly name: string;
  /** Its TypeScript type inside `pulumi.Output<…>`, without `| undefined`. */
  readonly type: string;
  /** A real cloud may leave it out. */
  readonly optional: boolean;
}
/** What an SDK class says about a type of resource. */
export interface Declared {
  readonly properties: readonly Property[];
  readonly inputs: ReadonlySet<string>;
}

const require = createRequire(import.meta.url);
const known = new Map<string, Declared>();

/** Read the class of a type token from the installed SDK: `aws:s3/bucket:Bucket`; a type without class declares nothing. */
export function declaredBy(token: string): Declared {
  const seen = known.get(token);
  if (seen) return seen;
  const base = fileOf(token);
  const declared = base === undefined ? { properties: [], inputs: new Set<string>() } : readClass(base);
  known.set(token, declared);
  return declared;
}

function readClass(base: string): Declared {
  const types = readFileSync(`${base}.d.ts`, 'utf8');
  const code = readFileSync(`${base}.js`, 'utf8');
  const properties = [...types.matchAll(/^ {4}readonly (\w+): pulumi\.Output<([\s\S]*?)>;$/gm)].map(([, name = '', type = '']) => ({
    name,
    type: type.replace(/\s*\|\s*undefined$/, ''),
    optional: /\|\s*undefined$/.test(type),
  }));
  return { properties, inputs: new Set([...code.matchAll(/resourceInputs\["(\w+)"\] = .*\bargs\b/g)].map(([, name = '']) => name)) };
}

/** Path of the class's file without extension. */
function fileOf(token: string): string | undefined {
  const [provider = '', module = '', name = ''] = token.split(':');
  let root: string;
  try {
    root = dirname(require.resolve(`@pulumi/${provider}/package.json`));
  } catch {
    return undefined; // a provider whose SDK is not installed: nothing to reflect
  }
  const folder = join(root, provider === 'azure-native' ? module : dirname(module));
  const wanted = `${name}.js`.toLowerCase();
  const file = existsSync(folder) ? readdirSync(folder).find((entry) => entry.toLowerCase() === wanted) : undefined;
  return file === undefined ? undefined : join(folder, file.slice(0, -'.js'.length));
}
