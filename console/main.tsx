import './style/index.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

// A release that came while the page was open has other chunks; the page starts anew with them.
window.addEventListener('vite:preloadError', () => location.reload());

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
