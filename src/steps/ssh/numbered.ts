/** Arguments as numbered variables, with their count: the only way they reach a script of ours. */
export function numbered(args: readonly (string | number | boolean)[]): { readonly [name: string]: string | number | boolean } {
  return { ...Object.fromEntries(args.map((arg, index) => [`SLIPWAY_ARG_${index + 1}`, arg])), SLIPWAY_ARGC: args.length };
}
