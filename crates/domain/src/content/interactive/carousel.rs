//! Cards side by side, with media or with products.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::content::media::Asset;
use crate::field::{distinct, ensure, entries, exactly, tagged};

use super::action::{CtaUrl, Reply};
use super::block::Block;
use super::catalog::Product;

/// 2 to 10 cards, all of one type, their buttons too
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-media-carousel-messages>).
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    /// The cards.
    #[garde(
        dive,
        custom(entries(2, 10)),
        custom(distinct("card_index", Card::index)),
        custom(alike)
    )]
    pub cards: Vec<Card>,
}

/// One card, told apart by its `type`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum Card {
    /// A medium with a URL button or reply buttons.
    CtaUrl {
        /// The place of the card, from 0.
        #[garde(range(max = 9))]
        card_index: u8,
        /// The medium.
        #[garde(dive)]
        header: CardHeader,
        /// Up to 160 characters on up to three lines.
        #[garde(dive, custom(three_lines))]
        body: Option<Block<160>>,
        /// The buttons.
        #[garde(dive)]
        action: CardAction,
    },
    /// A product.
    Product {
        /// The place of the card, from 0.
        #[garde(range(max = 9))]
        card_index: u8,
        /// The product; every card's is of the same catalog.
        #[garde(dive)]
        action: Product,
    },
}
tagged!(Card);

impl Card {
    fn index(&self) -> u8 {
        match self {
            Self::CtaUrl { card_index, .. } | Self::Product { card_index, .. } => *card_index,
        }
    }

    /// What all cards of one carousel share.
    fn form(&self) -> (&str, bool) {
        match self {
            Self::CtaUrl { action, .. } => ("", action.buttons.is_some()),
            Self::Product { action, .. } => (&action.catalog_id, true),
        }
    }
}

/// The medium of a card, told apart by its `type`.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum CardHeader {
    /// A picture.
    Image {
        /// Which one.
        #[garde(dive)]
        image: Asset,
    },
    /// A film.
    Video {
        /// Which one.
        #[garde(dive)]
        video: Asset,
    },
}
tagged!(CardHeader);

/// The buttons of a card: either one that opens a URL, or quick replies.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(custom(one_form))]
pub struct CardAction {
    /// `cta_url`.
    #[garde(inner(custom(exactly("cta_url"))))]
    pub name: Option<String>,
    /// The URL button.
    #[garde(dive)]
    pub parameters: Option<CtaUrl>,
    /// The quick replies.
    #[garde(dive)]
    pub buttons: Option<Vec<QuickReply>>,
}

/// A button that answers with its id.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct QuickReply {
    /// `quick_reply`.
    #[garde(custom(exactly("quick_reply")))]
    pub r#type: String,
    /// The button itself.
    #[garde(dive)]
    pub quick_reply: Reply,
}

fn one_form(action: &CardAction, _: &()) -> garde::Result {
    let is_url = action.name.is_some() && action.parameters.is_some() && action.buttons.is_none();
    let is_replies = action.name.is_none()
        && action.parameters.is_none()
        && action.buttons.as_ref().is_some_and(|buttons| !buttons.is_empty());
    ensure(is_url || is_replies, || "needs either name and parameters, or buttons".to_owned())
}

fn three_lines(body: &Option<Block<160>>, _: &()) -> garde::Result {
    let breaks = body.as_ref().map_or(0, |body| body.text.matches('\n').count());
    ensure(breaks <= 2, || "must have at most 2 line breaks".to_owned())
}

fn alike(cards: &[Card], _: &()) -> garde::Result {
    let is_same_variant = |pair: &[Card]| {
        std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1])
            && pair[0].form() == pair[1].form()
    };
    ensure(cards.windows(2).all(is_same_variant), || {
        "all cards must have the same type, the same kind of buttons and one catalog".to_owned()
    })
}
