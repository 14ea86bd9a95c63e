import { createContext, useCallback, useContext } from 'react';
import { useSession, type EnvironmentPlace, type OrganizationPlace, type ProjectPlace, type Session } from './session.ts';

/** Where the person stands: the address says it, the session knows the ids. */
export type Place = { readonly organization: OrganizationPlace; readonly project: ProjectPlace; readonly environment: EnvironmentPlace };

export const PlaceContext = createContext<Place | undefined>(undefined);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error('A page of an environment was shown outside one.');
  return place;
}

/** Where we stand, or undefined on pages that belong to no environment. */
export function useMaybePlace(): Place | undefined {
  return useContext(PlaceContext);
}

/** The start of every address of an environment: `/o/acme/web/live`. */
export function rootOf(place: { organization: { name: string }; project: { name: string }; environment: { name: string } }): string {
  return `/o/${[place.organization.name, place.project.name, place.environment.name].map(encodeURIComponent).join('/')}`;
}

/** Turns a path inside the environment into an address: `link('storage', 'buckets', 'photos')`. */
export function useLink(): (...segments: readonly string[]) => string {
  const root = rootOf(usePlace());
  return useCallback((...segments: readonly string[]) => [root, ...segments.map(encodeURIComponent)].join('/'), [root]);
}

type Names = { organization?: string | undefined; project?: string | undefined; environment?: string | undefined };

/** Finds the place that names say. Names that say nothing take the first; names that nobody here has give undefined. */
export function findPlace(session: Pick<Session, 'organizations'>, names: Names): Place | undefined {
  const organization = pick(session.organizations, names.organization);
  const project = organization && pick(organization.projects, names.project);
  const environment = project && (names.environment === undefined ? live(project) : pick(project.environments, names.environment));
  return organization && project && environment ? { organization, project, environment } : undefined;
}

function pick<T extends { name: string; id: string }>(all: readonly T[], name: string | undefined): T | undefined {
  return name === undefined ? all[0] : all.find((each) => each.name === name || each.id === name);
}

function live(project: ProjectPlace): EnvironmentPlace | undefined {
  return project.environments.find((each) => each.kind === 'live') ?? project.environments[0];
}

const lastKey = 'gamut-last-place';

/** Remembers where the person stood, for the next visit of the bare address. */
export function rememberPlace(place: Place): void {
  try {
    localStorage.setItem(lastKey, JSON.stringify([place.organization.id, place.project.id, place.environment.id]));
  } catch {
    // Storage may be forbidden; the first environment is shown then.
  }
}

export function lastPlace(session: Session): Place | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(lastKey) ?? 'null');
  } catch {
    kept = undefined;
  }
  const [organization, project, environment] = Array.isArray(kept) ? kept.map(String) : [];
  return (organization ? findPlace(session, { organization, project, environment }) : undefined) ?? firstPlace(session);
}

/** The first environment there is: an organization may have no project yet. */
export function firstPlace(session: Pick<Session, 'organizations'>): Place | undefined {
  for (const organization of session.organizations) {
    const place = findPlace({ organizations: [organization] }, {});
    if (place) return place;
  }
  return undefined;
}

export function useOrganizations(): readonly OrganizationPlace[] {
  return useSession().organizations;
}
