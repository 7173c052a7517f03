//! The watch page and its files, which a browser gets from `serve`. They are inside the binary and name nothing outside it.

use super::Response;

/// What the page may load and do. Chromium, Firefox and Safari let `'self'` stand for WebSockets to this server as well.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageFile {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const FILES: [PageFile; 4] = [
    PageFile {
        path: "/",
        media_type: "text/html; charset=utf-8",
        text: include_str!("../page/index.html"),
    },
    PageFile {
        path: "/page.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("../page/page.css"),
    },
    PageFile {
        path: "/page.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/page.js"),
    },
    PageFile {
        path: "/phxproof.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/phxproof.js"),
    },
];

impl PageFile {
    /// The file at a path, which must be exact.
    pub(super) fn at(path: &str) -> Option<Self> {
        FILES.into_iter().find(|file| file.path == path)
    }

    pub(super) fn response(self) -> Response {
        Response::new(200, self.text)
            .with_header("content-type", self.media_type)
            .with_header("content-security-policy", POLICY)
            .with_header("x-content-type-options", "nosniff")
            .with_header("referrer-policy", "no-referrer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_page_have_exact_paths() {
        for path in ["/", "/page.css", "/page.js", "/phxproof.js"] {
            assert_eq!(PageFile::at(path).map(|it| it.path), Some(path));
        }
        for path in [
            "",
            "//",
            "/page",
            "/page.js/",
            "/PAGE.JS",
            "/index.html",
            "/page/page.js",
            "/../page.js",
        ] {
            assert_eq!(PageFile::at(path), None, "{path}");
        }
    }

    #[test]
    fn the_page_loads_only_files_that_the_server_has() {
        let is_there = |path: &str| PageFile::at(path).is_some() || path.starts_with("data:");
        for file in FILES {
            let named = [
                " src=\"",
                "<link rel=\"stylesheet\" href=\"",
                "<link rel=\"icon\" href=\"",
                "} from \"",
                "import(\"",
            ];
            let loaded = named.iter().flat_map(|begin| file.text.split(begin).skip(1));
            for path in loaded.filter_map(|rest| rest.split('"').next()) {
                assert!(is_there(path), "{} loads {path}", file.path);
            }
            // Inline scripts and styles are kept out by the policy.
            for inline in ["<script>", "<style", " style=\"", " onclick=\"", "innerHTML"] {
                assert!(!file.text.contains(inline), "{} has {inline}", file.path);
            }
        }
    }
}
