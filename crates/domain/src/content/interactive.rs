//! Messages that people tap: buttons, lists, flows, products and the like.

pub mod action;
pub mod block;
pub mod carousel;
pub mod catalog;
pub mod list;

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::field::tagged;

use action::{
    AddressAction, CtaUrlAction, FlowAction, ReplyButtons, RequestCallPermission,
    RequestContactInfo, SendLocation, VoiceCallAction,
};
use block::{Block, Header, is_text, text_only};
use carousel::Cards;
use catalog::{Catalog, Product, ProductSections};
use list::Sections;

/// Meta's `interactive` object, told apart by its `type`.
///
/// Bodies have up to 1024 characters (a list's 4096), footers up to 60. Sources:
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages>
/// and its neighbours.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[expect(missing_docs, reason = "header, body, footer and action mean the same in every kind")]
pub enum Interactive {
    /// Up to three reply buttons.
    Button {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: ReplyButtons,
    },
    /// A menu of up to ten rows.
    List {
        #[garde(dive, custom(text_only))]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<4096>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: Sections,
    },
    /// One button that opens a URL.
    CtaUrl {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: CtaUrlAction,
    },
    /// One button that opens a form.
    Flow {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: FlowAction,
    },
    /// Asks where the person is.
    LocationRequestMessage {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: SendLocation,
    },
    /// One product of a catalog; no header.
    Product {
        #[garde(dive)]
        body: Option<Block<1024>>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: Product,
    },
    /// Up to 30 products of a catalog.
    ProductList {
        #[garde(dive, custom(is_text))]
        header: Header,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: ProductSections,
    },
    /// The whole catalog.
    CatalogMessage {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: Catalog,
    },
    /// 2 to 10 cards side by side; neither header nor footer.
    Carousel {
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        action: Cards,
    },
    /// Asks for a postal address (India).
    AddressMessage {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: AddressAction,
    },
    /// Asks for permission to call.
    CallPermissionRequest {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Option<Block<1024>>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: RequestCallPermission,
    },
    /// One button that calls the business.
    VoiceCall {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: VoiceCallAction,
    },
    /// Asks for the phone number of a person who hides it.
    RequestContactInfo {
        #[garde(dive)]
        header: Option<Header>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        #[garde(dive)]
        action: RequestContactInfo,
    },
    /// A bill (India, Brazil); its details are Meta's to check.
    OrderDetails {
        header: Option<Map<String, Value>>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        action: Map<String, Value>,
    },
    /// News of a bill (India, Brazil); its details are Meta's to check.
    OrderStatus {
        header: Option<Map<String, Value>>,
        #[garde(dive)]
        body: Block<1024>,
        #[garde(dive)]
        footer: Option<Block<60>>,
        action: Map<String, Value>,
    },
}
tagged!(Interactive);
