/** Every screen of the app, and the widths that each must fit, in CSS pixels. */
export const screens = [
  '/',
  '/trends/',
  '/cost/',
  '/compare/',
  '/advice/',
  '/more/',
  '/readings/',
  '/report/',
  '/receipts/',
  '/privacy/',
  '/settings/',
  '/join/',
  '/community/',
  '/steward/',
  '/steward/invites/',
  '/steward/changes/',
  '/steward/join/',
];
export const widths = [320, 390, 768, 1280];
