/** Where a node listens: a unix socket, or a port of a host. */
export type NodeAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Reads `unix:/path` or `tls://host:port`; undefined where it is neither. */
export function readNodeAddress(text: string): NodeAddress | undefined {
  const [, path] = /^unix:(\/[^\0]{1,100})$/.exec(text) ?? [];
  if (path !== undefined) return { path };
  const [, bracketed, plain, digits] = /^tls:\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** The same address as a text. */
export function printNodeAddress(address: NodeAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return `tls://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
