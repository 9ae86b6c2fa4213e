import type { App } from '../app/index.ts';
import type { Clock, ExitCode, JsonObject, Masker, Parsed, Secret } from '../core/index.ts';
import type { Style } from '../report/index.ts';
import type { Args } from './args.ts';
import type { Stop } from './stop.ts';

/** What is enough to say how the command is used. */
export interface CliIo {
  /** Arguments without node and script. */
  readonly argv: readonly string[];
  readonly version: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}
/** Everything commands need from the process they run in. */
export interface CliDeps extends CliIo {
  readonly clock: Clock;
  readonly stdin: () => Promise<string>;
  /** Ask a person yes or no; absent when there is nobody to ask. */
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly settings: () => Promise<Parsed<Settings>>;
  /** With the address of a server, the one that it does the work for. */
  readonly openApp: (server?: string) => Promise<App>;
  readonly diagnose: () => Promise<readonly Check[]>;
  /** Serve until told to go; ends when everything was handed over. */
  readonly serve: (request: ServeRequest) => Promise<void>;
  /** What describes the API of a server. */
  readonly openApi: () => Promise<JsonObject>;
  readonly hooks: Hooks;
  /** Call the handler on every Ctrl-C until the returned function is called. */
  readonly onInterrupt: (handler: () => void) => () => void;
  /** The same for being asked to go by whoever runs this process (SIGTERM). */
  readonly onTerminate: (handler: () => void) => () => void;
  /** End the process at once; only for a second Ctrl-C. */
  readonly exitNow: (code: number) => void;
}
export interface ServeRequest {
  /** File with the settings of the server, as it was given. */
  readonly file: string;
  /** Aborts when the server is to go in good order. */
  readonly leave: AbortSignal;
}
/** The hook of a bare repository on this machine. */
export interface Hooks {
  install(request: HookInstall): Promise<{ readonly hook: string; readonly todo?: string }>;
  /** Send what waits. */
  send(folder: string): Promise<{ readonly sent: number; readonly waiting: number; readonly why?: string }>;
  remove(folder: string): Promise<void>;
}
export interface HookInstall {
  readonly folder: string;
  readonly url: string;
  readonly repository: string;
  readonly secret: Secret;
}
/** The part of the outside settings that commands use. */
export interface Settings {
  readonly root: string;
  readonly stateDir: string;
  /** Where the journal is when it is not in the state folder, for people. */
  readonly journal?: { readonly store: string; readonly shown?: string };
  readonly actor: string;
  readonly teams: readonly string[];
  readonly terminal: {
    readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
    readonly redraw: boolean;
    readonly columns: number;
    readonly rows: number;
  };
  /** What drives new runs. */
  readonly engine: { readonly kind: 'local' | 'temporal' };
  readonly secretNamed: (variable: string) => Secret | undefined;
}
/** One thing `slipway doctor` looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** A missing optional thing is only told. */
  readonly needed: boolean;
  /** What is there, or what is wrong. */
  readonly found: string;
  /** The command that mends it. */
  readonly mend?: string;
}

/** One command; everything `--help` and the checks of usage need is data. */
export interface Command {
  /** `journal verify`. */
  readonly name: string;
  readonly positionals: readonly Positional[];
  readonly options: { readonly [name: string]: Option };
  readonly examples?: readonly string[];
  /** Longer words for `--help`. */
  readonly about?: string;
  readonly run: (args: Args, context: Context) => Promise<ExitCode>;
}
export interface Positional {
  readonly name: string;
  readonly about: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}
export interface Option {
  readonly about: string;
  readonly type: 'flag' | 'text' | 'number';
  readonly many?: boolean;
  /** The only values it takes. */
  readonly values?: readonly string[];
  readonly needed?: boolean;
  readonly alias?: string;
}
/** What a running command works with. */
export interface Context {
  readonly deps: CliDeps;
  readonly settings: Settings;
  readonly app: () => Promise<App>;
  readonly masker: Masker;
  readonly stop: Stop;
  readonly json: boolean;
  readonly style: { readonly stdout: Style; readonly stderr: Style };
  /** A result. */
  readonly print: (text: string) => void;
  /** Anything else that people should read. */
  readonly note: (line: string) => void;
}
