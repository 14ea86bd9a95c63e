import { Tooltip } from '@mantine/core';
import { Fragment } from 'react';
import { Link, useLocation } from 'react-router';
import { useServed } from '../api/contract.ts';
import { type Place, rootOf } from '../api/place.ts';
import { Button } from '../part/button.tsx';
import { Icon } from '../part/icon.tsx';
import { AlertBell } from './alert-bell.tsx';
import { crumbsOf } from './crumb.ts';
import { PersonMenu } from './person-menu.tsx';
import { RevealButton } from './reveal-button.tsx';
import { Switcher } from './switcher.tsx';
import './top-bar.css';

/** The top bar: where we are, which is the address and the resource's name at once; the region, the search, the person. */
export function TopBar({ place, onMenu, onSearch }: { place: Place; onMenu: () => void; onSearch: () => void }) {
  const { pathname } = useLocation();
  const crumbs = crumbsOf(rootOf(place), pathname);
  const region = useServed().value?.region;
  return (
    <header className="bar">
      <span className="bar-menu">
        <Button look="quiet" icon="menu" label="Open the menu" onClick={onMenu} />
      </span>
      <nav className="crumbs" aria-label="Where you are">
        <Switcher place={place} />
        {crumbs.map((crumb, index) => (
          <Fragment key={crumb.to}>
            <span className="crumb-slash" aria-hidden="true">
              /
            </span>
            {index === crumbs.length - 1 ? (
              <span className="crumb crumb-here" aria-current="page" title={crumb.text}>
                {crumb.text}
              </span>
            ) : (
              <Link className="crumb" to={crumb.to}>
                {crumb.text}
              </Link>
            )}
          </Fragment>
        ))}
      </nav>
      {region && (
        <Tooltip label="Region of this platform">
          <span className="bar-region">
            <Icon name="globe" size={14} />
            {region}
          </span>
        </Tooltip>
      )}
      <button type="button" className="bar-search" onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <Icon name="search" size={14} />
        <span>Search or run</span>
        <kbd aria-hidden="true">{/Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <RevealButton />
      <AlertBell />
      <PersonMenu />
    </header>
  );
}
