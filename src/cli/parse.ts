import yargs, { type Argv } from 'yargs';
import { didYouMean } from '../core/index.ts';
import { type Args, argsOf } from './args.ts';
import type { Entry } from './registry.ts';
import type { Command, Option } from './types.ts';

/** Options that every command takes. */
export const COMMON: { readonly [name: string]: Option } = {
  json: { about: 'results as JSON', type: 'flag' },
  'no-color': { about: 'no colours', type: 'flag' },
  server: { about: 'address of a server that does it, with the token in SLIPWAY_TOKEN; so does SLIPWAY_SERVER', type: 'text' },
  help: { about: 'show this', type: 'flag', alias: 'h' },
};

export type ParsedArgs = { readonly args: Args } | { readonly mistakes: readonly string[] };

/** Read the arguments of one command; all mistakes at once. */
export async function parseArgs(argv: readonly string[], command: Command): Promise<ParsedArgs> {
  const options = { ...COMMON, ...command.options };
  const { values, words, mistakes } = await readWithYargs(argv, options);
  const known = new Map(
    Object.entries(options).flatMap(
      ([name, option]) =>
        (option.alias === undefined
          ? [[name, name]]
          : [
              [name, name],
              [option.alias, name],
            ]) as [string, string][],
    ),
  );
  const unknown = Object.keys(values).filter((key) => !known.has(key));
  mistakes.push(...unknown.map((name) => unknownOption(name, options)), ...flagsWithValues(argv, options));
  const read = readOptions(values, options, mistakes);
  // An unknown option may have swallowed the word behind it; that word must not be called missing.
  const swallowed = unknown.filter((name) => typeof values[name] === 'string').length;
  const positionals = readPositionals(words, command, { swallowed, mistakes });
  return mistakes.length > 0 && !read.flags.has('help') ? { mistakes } : { args: argsOf({ ...read, positionals }) };
}

/** What `slipway <command> --help` prints. */
export async function commandHelp(entry: Entry, command: Command, columns: number): Promise<string> {
  const args = command.positionals.map(({ name, about }) => `  ${name.padEnd(12)}${about}`);
  const usage = [usageOf(entry), '', command.about ?? entry.about, ...(args.length > 0 ? ['', 'arguments:', ...args] : [])].join('\n');
  const parser = declare(yargs([]), { ...command.options, ...COMMON })
    .usage(usage)
    .updateStrings({ 'Options:': 'options:', 'Examples:': 'examples:' })
    .wrap(Math.min(columns, 120));
  for (const example of command.examples ?? []) parser.example(example, '');
  return `${(await parser.getHelp()).trimEnd()}\n`;
}

/** The usage line of a command. */
export function usageOf({ usage }: Entry): string {
  return `usage: slipway ${usage} [options]`;
}

function declare(parser: Argv, options: Command['options']): Argv {
  parser.help(false).version(false).detectLocale(false).exitProcess(false).parserConfiguration({
    'camel-case-expansion': false,
    'dot-notation': false,
    'boolean-negation': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'greedy-arrays': false,
  });
  for (const [name, { about, type, alias, values, many }] of Object.entries(options)) {
    const words = `${about}${values === undefined ? '' : ` (${values.join(', ')})`}${many === true ? '; may be repeated' : ''}`;
    parser.option(name, {
      describe: words,
      type: type === 'flag' ? 'boolean' : 'string',
      requiresArg: type !== 'flag',
      ...(alias === undefined ? {} : { alias }),
    });
  }
  return parser;
}

async function readWithYargs(argv: readonly string[], options: Command['options']) {
  const mistakes: string[] = [];
  const parser = declare(yargs([...argv]), options).fail((message) => {
    const missing = /following: (.+)$/.exec(message ?? '')?.[1];
    mistakes.push(
      missing === undefined
        ? message
        : missing
            .split(', ')
            .map((name) => `--${name} needs a value`)
            .join('; '),
    );
  });
  const { _: words, $0: _script, ...values } = (await parser.parseAsync()) as { _: (string | number)[]; $0: string; [name: string]: unknown }; // options are checked below
  return { values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)), words: words.map(String), mistakes };
}

function unknownOption(name: string, options: Command['options']): string {
  const dashes = name.length === 1 ? '-' : '--';
  const near = name.length === 1 ? undefined : didYouMean(name, Object.keys(options));
  return `there is no option "${dashes}${name}"${near === undefined ? '' : `; did you mean "--${near}"?`}`;
}

/** yargs reads any value of a flag but "true" as false; a person who wrote `--yes=1` meant something else. */
function flagsWithValues(argv: readonly string[], options: Command['options']): readonly string[] {
  const words = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  return words.flatMap((word) => {
    const [, name = '', value] = /^--([^=]+)=(.*)$/.exec(word) ?? [];
    return options[name]?.type === 'flag' && value !== 'true' && value !== 'false' ? [`--${name} takes no value`] : [];
  });
}

function readOptions(values: { readonly [name: string]: unknown }, options: Command['options'], mistakes: string[]) {
  const found = new Map<string, readonly string[]>();
  const flags = new Set<string>();
  for (const [name, option] of Object.entries(options)) {
    const raw = values[name];
    const list = raw === undefined ? [] : Array.isArray(raw) ? raw : [raw];
    if (option.type === 'flag') {
      if (list.at(-1) === true) flags.add(name);
    } else {
      const texts = list.map(String).filter((text) => text !== '');
      mistakes.push(...optionMistakes(name, option, texts));
      if (texts.length > 0) found.set(name, texts);
    }
  }
  return { options: found, flags };
}

function optionMistakes(name: string, option: Option, texts: readonly string[]): readonly string[] {
  const wrong = texts.filter((text) => (option.type === 'number' ? !/^\d+(\.\d+)?$/.test(text) : option.values?.includes(text) === false));
  const wanted = option.type === 'number' ? 'a number' : `one of ${(option.values ?? []).join(', ')}`;
  return [
    ...(texts.length > 1 && option.many !== true ? [`--${name} was given ${texts.length} times`] : []),
    ...(texts.length === 0 && option.needed === true ? [`--${name} is needed: ${option.about}`] : []),
    ...wrong.map((text) => `--${name} is "${text}", and must be ${wanted}`),
  ];
}

function readPositionals(
  words: readonly string[],
  { positionals }: Command,
  { swallowed, mistakes }: { readonly swallowed: number; readonly mistakes: string[] },
) {
  const found = new Map<string, readonly string[]>();
  const left = [...words];
  let spare = swallowed;
  for (const { name, optional, many } of positionals) {
    const taken = many === true ? left.splice(0) : left.splice(0, 1);
    if (taken.length > 0) found.set(name, taken);
    else if (optional !== true && spare-- <= 0) mistakes.push(`<${name}> is missing`);
  }
  if (left.length > 0) mistakes.push(`too many arguments: ${left.map((word) => `"${word}"`).join(', ')}`);
  return found;
}
