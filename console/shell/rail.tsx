import { Link, NavLink } from 'react-router';
import { useServed } from '../api/contract.ts';
import { type Place, rootOf } from '../api/place.ts';
import { platformPages } from '../page-table.ts';
import { Icon } from '../part/icon.tsx';
import { Mark } from './mark.tsx';
import { furtherGroup, type RailGroup, serviceGroups } from './rail-group.ts';
import './rail.css';

/** The left rail: home, the services by group, the platform. Only what runs is bright and can be pressed. */
export function Rail({ place, onGo }: { place: Place; onGo: () => void }) {
  const served = useServed().value;
  const root = rootOf(place);
  const further = furtherGroup(Object.values(served?.services ?? {}));
  const groups = further ? [...serviceGroups, further] : serviceGroups;
  const platform = served?.services.platform;
  const pages = platformPages.filter(
    (page) => page.operation === undefined || !platform || Object.hasOwn(platform.operations, page.operation),
  );
  return (
    <nav className="rail" aria-label="Main" onClick={(event) => (event.target as HTMLElement).closest('a') && onGo()}>
      <Link to={root} className="rail-mark">
        <Mark />
        <span>Gamut</span>
      </Link>
      <div className="rail-list">
        <ul>
          <li>
            <NavLink to={root} end className="rail-item">
              <Icon name="home" />
              Home
            </NavLink>
          </li>
        </ul>
        {groups.map((group) => (
          <ServiceGroup key={group.title} group={group} root={root} running={served && Object.keys(served.services)} />
        ))}
        <h2 className="rail-title">Platform</h2>
        <ul>
          {pages.map((page) => (
            <li key={page.path}>
              <NavLink to={`${root}/${page.path}`} className="rail-item">
                <Icon name={page.icon} />
                {page.title}
              </NavLink>
            </li>
          ))}
          <li>
            <Link to="/docs" className="rail-item">
              <Icon name="book" />
              API reference
            </Link>
          </li>
        </ul>
      </div>
    </nav>
  );
}

function ServiceGroup({ group, root, running }: { group: RailGroup; root: string; running: readonly string[] | undefined }) {
  return (
    <>
      <h2 className="rail-title">{group.title}</h2>
      <ul>
        {group.entries.map((entry) => (
          <li key={entry.name}>
            {running?.includes(entry.name) ? (
              <NavLink to={`${root}/${entry.name}`} className="rail-item">
                <Icon name={entry.icon} />
                {entry.title}
              </NavLink>
            ) : (
              <span className="rail-item rail-away" title={running && `${entry.title} does not run here.`}>
                <Icon name={entry.icon} />
                {entry.title}
                <span className="unseen"> (not running)</span>
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
