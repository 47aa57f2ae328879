"""A browser, as far as the sign-in page of the emulator needs one."""
import html
import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

import world


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # the redirect is what the tests want to see


class Browser:
    def __init__(self):
        context = ssl.create_default_context(cafile=world.emulator().tls["ca"])
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), jar, _Stay())

    def _send(self, url, fields=None, origin=None):
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(url, data=data, headers={"Origin": origin} if origin else {})
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()

    def submit(self, url, page, **fields):
        """Sends the form of a page with the button that was pressed."""
        action = re.search(r'<form method="post" action="([^"]*)"', page)
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
        target = urllib.parse.urljoin(url, html.unescape(action[1]))
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
        return self._send(target, {**{name: html.unescape(value) for name, value in hidden}, **fields}, origin)

    def open(self, url):
        return self._send(url)

    def sign_in(self, url, **button):
        """Opens an authorize URL, presses a button, and returns the parameters that come back to the application."""
        status, _, page = self.open(url)
        assert status == 200, page
        status, headers, page = self.submit(url, page, **button)
        assert status == 302, page
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers["Location"]).query))
