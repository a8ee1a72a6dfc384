// The pages. One more is a module like theirs ({title(route), render(route)}) and a line here; with an `icon`
// it stands in the navigation, under the text nav_TEXT.

import { alertsPage } from '/alerts.js';
import { daysPage } from '/days.js';
import { gatewayPage } from '/gateway.js';
import { later } from '/later.js';
import { overview } from '/overview.js';
import { sensorPage } from '/sensor.js';
import { setupPage, signInPage } from '/setup.js';

export const routes = [
  { name: '', page: overview, text: 'overview', covers: ['sensors'], icon: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z' },
  { name: 'days', page: daysPage, text: 'days', icon: 'M5 20V10M12 20V4M19 20v-7' },
  { name: 'alerts', page: alertsPage, text: 'alerts', icon: 'M12 4a5 5 0 00-5 5v4l-2 3h14l-2-3V9a5 5 0 00-5-5zM10 19a2 2 0 004 0' },
  { name: 'gateway', page: gatewayPage, text: 'gateway', icon: 'M4 14h16v6H4zM7 17h.01M12 14V9M8.5 6.5a5 5 0 017 0M6 4a8.5 8.5 0 0112 0' },
  { name: 'setup', page: setupPage, text: 'setup', covers: ['sign-in', 'walk'], icon: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 5v4M6 15v4' },
  { name: 'sensors', page: sensorPage },
  { name: 'sign-in', page: signInPage },
  { name: 'walk', page: later('walk_title', async () => (await import('/walk.js')).walkPage) },
];
