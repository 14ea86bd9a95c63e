import { createTheme, localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { lazy, Suspense, useEffect, useState } from 'react';
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation } from 'react-router';
import { useServed } from './api/contract.ts';
import { lastPlace, rootOf } from './api/place.ts';
import { asProblem, type Problem } from './api/problem.ts';
import { readSession, useSession, useSessionState } from './api/session.ts';
import { homePage as Home, lonePages, platformPages, servicePage as Service, welcomePage as Welcome } from './page-table.ts';
import { Refusal, Waiting } from './part/state.tsx';

const Frame = lazy(() => import('./shell/frame.tsx').then(({ Frame: page }) => ({ default: page })));
const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 6,
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
});
const schemes = localStorageColorSchemeManager({ key: 'gamut-scheme' });

export function App() {
  return (
    <MantineProvider theme={theme} colorSchemeManager={schemes} defaultColorScheme="auto">
      <BrowserRouter>
        <Suspense
          fallback={
            <div className="page">
              <Waiting />
            </div>
          }
        >
          <Routes>
            {lonePages.map(({ path, page: Page }) => (
              <Route key={path} path={path} element={<Page />} />
            ))}
            <Route element={<Door />}>
              <Route path="/" element={<First />} />
              <Route path="/welcome" element={<Welcome />} />
              <Route path="/o/:organization/:project/:environment" element={<Frame />}>
                <Route index element={<Home />} />
                {platformPages.map(({ path, page: Page }) => (
                  <Route key={path} path={`${path}/*`} element={<Page />} />
                ))}
                <Route path=":service/*" element={<Service />} />
              </Route>
              <Route path="*" element={<Navigate to="/" replace />} />
            </Route>
          </Routes>
        </Suspense>
      </BrowserRouter>
    </MantineProvider>
  );
}

/** Lets in who has a session; everybody else signs in first and comes back to where they wanted to go. */
function Door() {
  const state = useSessionState();
  const { pathname, search } = useLocation();
  const [problem, setProblem] = useState<Problem>();
  const ask = () =>
    readSession().then(
      () => setProblem(undefined),
      (thrown) => setProblem(asProblem(thrown)),
    );
  useEffect(() => {
    if (state.is === 'unknown') void ask();
  }, [state.is]);
  if (problem && state.is === 'unknown')
    return (
      <main className="page">
        <Refusal problem={problem} again={() => void ask()} />
      </main>
    );
  if (state.is === 'unknown') return null;
  if (state.is === 'out')
    return <Navigate to={`/login${pathname === '/' ? '' : `?to=${encodeURIComponent(pathname + search)}`}`} replace />;
  return <Inside />;
}

function Inside() {
  const served = useServed();
  if (!served.value && served.problem)
    return (
      <main className="page">
        <Refusal problem={served.problem} again={served.again} />
      </main>
    );
  return served.value ? <Outlet /> : null;
}

/** The bare address leads to where the person stood last. */
function First() {
  const place = lastPlace(useSession());
  return <Navigate to={place ? rootOf(place) : '/welcome'} replace />;
}
