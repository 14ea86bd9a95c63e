import type { AnyService } from '#kernel/contract/contract.ts';
import { collectionOf, kebab, type Route, routesOf } from '#kernel/derive/route.ts';

/** One operation on the command line. `alias` is its short name, where no other verb could be meant. */
export type Verb = { readonly name: string; readonly alias: string | undefined; readonly route: Route };

/** The verbs of a contract: every operation offered to the command line. */
export function verbsOf(contract: AnyService): Verb[] {
  const routes = routesOf(contract).filter((route) => route.definition.expose?.includes('cli'));
  const names = new Set(routes.map((route) => kebab(route.operation)));
  const shortened = routes.map((route) => shortOf(contract, route));
  return routes.map((route, at) => {
    const short = shortened[at];
    const alone = short !== undefined && !names.has(short) && shortened.indexOf(short) === shortened.lastIndexOf(short);
    return { name: kebab(route.operation), alias: alone ? short : undefined, route };
  });
}

/** `create-bucket` without its kind is `create`. */
function shortOf(contract: AnyService, { operation, kind }: Route): string | undefined {
  const name = kebab(operation);
  const endings = [kebab(kind), `${kebab(kind)}s`, collectionOf(contract, kind)].map((ending) => `-${ending}`);
  const ending = endings.find((each) => name.endsWith(each));
  return ending === undefined ? undefined : name.slice(0, -ending.length);
}

export function verbNamed(contract: AnyService, name: string): Verb | undefined {
  return verbsOf(contract).find((verb) => verb.name === name || verb.alias === name);
}
