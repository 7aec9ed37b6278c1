//! Codes about templates.

use super::Fault::{Meta, Request};
use super::{Explanation, known};

pub(super) const fn explain(code: i32) -> Option<Explanation> {
    match code {
        131_063 => known(
            Request,
            "the account sends no marketing templates this way",
            "allow marketing templates on the Cloud API in WhatsApp Manager",
        ),
        134_101 => {
            known(Meta, "Meta is still copying the template", "send it again in ten minutes")
        }
        132_000 => known(
            Request,
            "the number of parameters is not that of the template",
            "the parameters do not fit the template's; compare count and format: one for each {{…}} \
             of its body, and none where it has none",
        ),
        132_001 => known(
            Request,
            "there is no such template",
            "no approved template has this name in this language; both must be exactly those in \
             WhatsApp Manager, en and en_US are two languages",
        ),
        132_005 => known(
            Request,
            "the text is too long",
            "the template with its parameters filled in is too long",
        ),
        132_007 => known(
            Request,
            "the template's text breaks a policy of WhatsApp's",
            "change the template in WhatsApp Manager",
        ),
        132_008 | 132_012 | 132_018 => known(
            Request,
            "a parameter has not the format that the template wants, most often a forgotten image, \
             video or document of a template whose header is one",
            "the parameters do not fit the template's; compare count and format: give the header's \
             image, video or document when the template has one, and no line break, tab or row of \
             spaces inside a text",
        ),
        132_015 => known(
            Request,
            "the template is paused",
            "the template is paused for low quality; wait, or edit it",
        ),
        132_016 => known(
            Request,
            "the template is disabled",
            "the template is disabled for low quality; make a new one",
        ),
        132_068 => known(
            Request,
            "the flow of the template is blocked",
            "repair the flow in WhatsApp Manager",
        ),
        132_069 => known(
            Meta,
            "the flow of the template is throttled",
            "wait an hour, and repair the flow in WhatsApp Manager",
        ),
        _ => None,
    }
}
