import { Drawer } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Outlet, useLocation, useParams } from 'react-router';
import { findPlace, PlaceContext, rememberPlace } from '../api/place.ts';
import { useSession } from '../api/session.ts';
import { useAsked } from '../operation/ask.ts';
import { LinkButton } from '../part/button.tsx';
import { Fence } from '../part/fence.tsx';
import { Notices } from '../part/notice.tsx';
import { Empty, Waiting } from '../part/state.tsx';
import { StepUp } from '../page/step-up.tsx';
import { Rail } from './rail.tsx';
import { TopBar } from './top-bar.tsx';
import './frame.css';

const AskedOperation = lazy(() => import('../operation/operation-dialog.tsx').then(({ AskedOperation: page }) => ({ default: page })));
const Palette = lazy(() => import('./palette.tsx').then(({ Palette: page }) => ({ default: page })));

/** The shell around every page of an environment. */
export function Frame() {
  const session = useSession();
  const { organization, project, environment } = useParams();
  const place = findPlace(session, { organization, project, environment });
  const [searching, setSearching] = useState(false);
  const [menu, setMenu] = useState(false);
  const { pathname } = useLocation();
  const asked = useAsked();
  useHotkeys([['mod+K', () => setSearching(true)]], []);
  useEffect(() => {
    if (place) rememberPlace(place);
  }, [place]);
  if (!place) return <NoPlace />;
  return (
    <PlaceContext.Provider value={place}>
      <div className={`frame${place.environment.kind === 'live' ? '' : ' frame-test'}`}>
        <a className="frame-skip" href="#main">
          To the content
        </a>
        <div className="frame-rail">
          <Rail place={place} onGo={() => setMenu(false)} />
        </div>
        {menu && (
          <Drawer.Root opened onClose={() => setMenu(false)} size={240} padding={0} transitionProps={{ duration: 0 }}>
            <Drawer.Overlay />
            <Drawer.Content aria-label="Menu">
              <div className="frame-drawer">
                <Rail place={place} onGo={() => setMenu(false)} />
              </div>
            </Drawer.Content>
          </Drawer.Root>
        )}
        <div className="frame-body">
          <TopBar place={place} onMenu={() => setMenu(true)} onSearch={() => setSearching(true)} />
          <main id="main" className="frame-main" tabIndex={-1}>
            <Fence at={pathname}>
              <Suspense
                fallback={
                  <div className="page">
                    <Waiting />
                  </div>
                }
              >
                <Outlet />
              </Suspense>
            </Fence>
          </main>
        </div>
      </div>
      <Suspense>
        {asked && <AskedOperation />}
        {searching && <Palette place={place} onClose={() => setSearching(false)} />}
      </Suspense>
      <StepUp />
      <Notices />
    </PlaceContext.Provider>
  );
}

function NoPlace() {
  return (
    <main className="page">
      <Empty
        icon="search"
        title="There is no such environment here"
        action={
          <LinkButton to="/" look="main">
            Go to one of yours
          </LinkButton>
        }
      >
        It may have another name, or you may not be a member of its organization.
      </Empty>
    </main>
  );
}
