/** Where a connection really goes. */
export interface Place {
  readonly host: string;
  readonly port: number;
}
/** Another place for a host and port, or undefined to leave them as they are. A rehearsal puts its stand-ins here. */
export type Resolve = (host: string, port: number) => Place | undefined;
