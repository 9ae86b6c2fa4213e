/** Checked arguments of one command. */
export interface Args {
  /** The argument of that name; an empty string for an optional one that was not given. */
  readonly positional: (name: string) => string;
  readonly rest: (name: string) => readonly string[];
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  readonly number: (name: string) => number | undefined;
  readonly all: (name: string) => readonly string[];
}
export interface Values {
  readonly positionals: ReadonlyMap<string, readonly string[]>;
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly flags: ReadonlySet<string>;
}

/** Look up checked values by name. */
export function argsOf({ positionals, options, flags }: Values): Args {
  return {
    positional: (name) => positionals.get(name)?.[0] ?? '',
    rest: (name) => positionals.get(name) ?? [],
    flag: (name) => flags.has(name),
    text: (name) => options.get(name)?.[0],
    number: (name) => {
      const text = options.get(name)?.[0];
      return text === undefined ? undefined : Number(text);
    },
    all: (name) => options.get(name) ?? [],
  };
}
